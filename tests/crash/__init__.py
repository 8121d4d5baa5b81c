"""A durable server killed with SIGKILL again and again."""
