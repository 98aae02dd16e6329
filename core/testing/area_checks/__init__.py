"""The conformance checks of areas alone; those that areas share with ops stand in `op_checks`."""
