"""Items, keys, values and conditions as they are written on a command line."""
