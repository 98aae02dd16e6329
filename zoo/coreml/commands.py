"""The command `export coreml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.cli.options import Json


def coreml(
    bundle: Annotated[
        str, typer.Argument(help="A bundle's name, owner/repo[@revision], or a folder.", metavar="BUNDLE")
    ],
    variant: Annotated[str, typer.Option(help="Storage of the weights: fp16, int8 or int4.")],
    out: Annotated[Path, typer.Option(help="Bundle to write, or to add the variant to.")],
    only: Annotated[list[str] | None, typer.Option(help="Export only this package. Repeatable.")] = None,
    decoder: Annotated[
        str, typer.Option(help="Packages of a language model's decoder: one with two functions, two, or both.")
    ] = "one",
    target: Annotated[str, typer.Option(help="System that it will run on.")] = "iOS18",
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to a licence that does not allow commercial use.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a bundle's Core ML packages, for iPhones and Macs, and print how far each is from the original."""
    from ...core.cli.terminal import columns, complain, json_text, say
    from ..bundles.manifest import MANIFEST, Manifest
    from .exporting import export, variant_of

    folder = export(
        bundle,
        variant=variant,
        out=out,
        only=only,
        decoder=decoder,  # type: ignore[arg-type]
        target=target,
        accept_licence=accept_licence,
        progress=lambda name: complain(name, what="Converting"),
    )
    packages = Manifest(folder / MANIFEST).document["variants"][variant_of(variant)]["coreml"]["packages"]
    if json:
        say(json_text({"folder": str(folder), "packages": packages}))
        return
    rows = (
        (
            name,
            f"{facts['bytes'] / 1e6:.1f} MB",
            ", ".join(f"{key} {value:g}" for key, value in facts["deviation"].items()),
        )
        for name, facts in packages.items()
    )
    say(columns(rows))
    say(f"{folder}: tried on Linux's interpreter alone; on a Mac or an iPhone nothing has been verified")
