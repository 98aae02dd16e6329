"""The JSON Schema documents: the source of truth for every file that is read."""
