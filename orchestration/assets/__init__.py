"""Assets by domain. Each is thin: it opens the warehouse and calls the room that does the work."""
