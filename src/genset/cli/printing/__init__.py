"""What commands say: results on stdout, and how they go on on stderr."""
