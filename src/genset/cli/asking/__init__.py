"""Asking a server: which one it is, requests and pages, and what it has."""
