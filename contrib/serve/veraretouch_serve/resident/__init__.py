"""The resident process: `veraretouch serve`."""
