"""MIL programs run without Apple's runtime, operation by operation."""
