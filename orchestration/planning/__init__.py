"""What a run has to do: the difference between what is there and what it was made from."""
