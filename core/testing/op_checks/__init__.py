"""The conformance checks of ops, by what they look at."""
