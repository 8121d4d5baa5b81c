"""Bodies nobody would write; the server answers them all."""
