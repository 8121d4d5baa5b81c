"""What only the engine on PostgreSQL has: round trips, rights, replicas, leases, several nodes."""
