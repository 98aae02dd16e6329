"""`python -m veraretouch` is the command `veraretouch`."""

from __future__ import annotations

from veraretouch.core.cli.shell import main

if __name__ == "__main__":
    main()
