"""Lists of plugins, from metadata and source alone: nothing is imported, so a broken plugin cannot break a list."""

from __future__ import annotations

from typing import Any

from ..plugins.entry import USABLE, PluginEntry
from ..plugins.registry import Catalogue, registry
from ..plugins.summary import summary
from .terminal import columns, json_text, say


def catalogue_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """What is known of each plugin of a catalogue, by metadata and source."""
    return [
        {
            "id": entry.id,
            "distribution": entry.distribution,
            "version": entry.version,
            "state": str(entry.state),
            "summary": summary(entry.target),
            "reason": entry.reason,
        }
        for entry in catalogue.entries().values()
    ]


def show_catalogue(catalogue: Catalogue, *, json: bool) -> None:
    """Print a catalogue as a table, or as JSON."""
    rows = catalogue_rows(catalogue)
    if json:
        say(json_text({f"{catalogue.kind}s": rows}))
        return
    if not rows:
        say(f"No {catalogue.kind} is installed.")
        return
    heading = ("ID", "DISTRIBUTION", "STATE", "SUMMARY")
    say(
        columns(
            [
                heading,
                *(
                    (
                        row["id"],
                        f"{row['distribution']} {row['version']}",
                        row["state"],
                        row["summary"] if row["state"] in USABLE else row["reason"],
                    )
                    for row in rows
                ),
            ]
        )
    )


def all_entries() -> dict[tuple[str, str], PluginEntry]:
    """Every plugin of every kind, and every alias, by kind ("op", "alias") and id."""
    found = {
        (catalogue.kind, id): entry
        for catalogue in registry.catalogues().values()
        for id, entry in catalogue.entries().items()
    }
    return found | {("alias", id): entry for id, entry in registry.aliases().items()}
