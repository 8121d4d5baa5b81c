"""Where servers keep their data, and what is done with that as a whole."""
