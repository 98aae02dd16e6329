"""A resident process that retouches over HTTP, in `resident/`; beside it what servers of veraretouch share.

The command `veraretouch serve` starts it.
"""
