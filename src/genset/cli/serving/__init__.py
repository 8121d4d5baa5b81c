"""Running servers: their settings, and their processes."""
