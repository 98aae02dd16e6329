"""The conformance checks of planners."""
