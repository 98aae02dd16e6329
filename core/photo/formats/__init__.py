"""File formats: one module each, which reads what a file holds and writes what it is given."""
