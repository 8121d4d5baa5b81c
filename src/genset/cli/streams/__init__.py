"""Following a table's stream, and showing what comes."""
