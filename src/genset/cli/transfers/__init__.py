"""Loading, dumping, exporting and importing: what the options mean, and what is told."""
