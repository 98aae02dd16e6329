"""Fails when it is imported, as plugins do whose own dependency is missing."""

raise ImportError("no module named 'acme_core' [red]x[/red]\x1b[31m")


class Raises:
    """Look [bold]broken[/bold]."""


def run():
    """Run [bold]nothing[/bold]."""
