"""Many photos at once: which files go in, what they become, in which processes, and what is reported."""
