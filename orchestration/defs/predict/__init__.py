"""Questions that models answer from the marts."""
