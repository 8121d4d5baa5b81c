"""The scale-out engine: the same map in a database that speaks PostgreSQL's protocol."""
