"""The data model by itself: numbers, keys, values and their sizes."""
