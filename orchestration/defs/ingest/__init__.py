"""Raw tables: the inbox, and the systems that answer over an API."""
