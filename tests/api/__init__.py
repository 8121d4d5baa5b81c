"""Behaviour of each operation and rule, asked of a running server."""
