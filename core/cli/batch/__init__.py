"""Many photos at once: which files go in, what they become, who works on them, what is told about it."""
