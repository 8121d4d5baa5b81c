"""Histories of concurrent clients, checked for strict serializability."""
