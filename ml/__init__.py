"""Models: DataFrame in, DataFrame out. No database, no files, no clock, no environment."""
