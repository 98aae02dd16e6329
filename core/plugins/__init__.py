"""Plug-ins found by entry points: listed from metadata, judged by policy, imported on first use."""
