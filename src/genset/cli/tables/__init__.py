"""Tables as they are written on a command line or in files, and as they are shown."""
