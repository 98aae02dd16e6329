"""The command line: its shell, shared options, work on many photos, and the commands that need no planner."""
