"""PartiQL: statements, scripts, and a prompt."""
