"""``make bench``: each figure as a ratio to a limit or a peer measured in the same run."""
