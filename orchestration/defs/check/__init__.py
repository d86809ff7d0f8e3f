"""Data quality: the Great Expectations suites, and the record of every check's result."""
