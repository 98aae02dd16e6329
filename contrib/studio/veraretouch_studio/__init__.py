"""A local page for photos: its server, and the page itself in `page/`. The command `veraretouch studio` starts it.

The photos stay on this machine. The server answers only to whoever holds the link that the command prints.
"""
