"""Time series: read from tables of any field, put on a regular grid, split by time."""
