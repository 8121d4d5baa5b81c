"""A table with indexes compared with plain dictionaries over random operations."""
