"""Several nodes on one PostgreSQL, whose nodes, network and database break under load."""
