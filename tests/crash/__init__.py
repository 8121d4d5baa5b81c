"""Durable servers killed with SIGKILL again and again, and on a disk that is full."""
