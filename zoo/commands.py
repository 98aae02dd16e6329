"""The command `zoo`: what bundles there are; fetch, verify, remove, pack and push them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.cli.options import Json

app = typer.Typer(
    help="List, fetch, verify, pack and push pretrained bundles.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Name = Annotated[str, typer.Argument(help="A name, owner/repo[@revision], or a folder.", metavar="NAME")]
_Variant = Annotated[str | None, typer.Option(help="Variant to use. Default: torch.")]
_Revision = Annotated[str | None, typer.Option(help="Commit, branch or tag on the Hub.")]
_Accept = Annotated[
    bool, typer.Option("--accept-licence", help="Agree to a licence that does not allow commercial use.")
]


@app.command("list")
def list_bundles(json: Json = False) -> None:
    """List every bundle, its state and its licence."""
    from ..core.cli.terminal import columns
    from .manage import Info, table

    def row(info: Info) -> tuple[str, ...]:
        if not info.source and info.manifest is None:  # a planner without weights
            return info.name, info.state, "", f"of {info.origin}" if info.state == "installed" else ""
        return info.name, info.state, str(info.licence.get("spdx", "")), info.summary or info.source

    found = table()
    _tell([_facts(info) for info in found], columns(map(row, found)), json)


@app.command()
def info(name: _Name, revision: _Revision = None, json: Json = False) -> None:
    """Show what is known of a bundle; fetch nothing."""
    from ..core.cli.terminal import columns
    from .manage import info as known

    facts = _facts(known(name, revision=revision), whole=True)
    _tell(facts, columns((key, str(value)) for key, value in facts.items() if value not in ("", None, {})), json)


@app.command()
def pull(
    name: _Name,
    variant: _Variant = None,
    revision: _Revision = None,
    to: Annotated[Path | None, typer.Option(help="Copy the bundle to this folder as well.")] = None,
    system: Annotated[str | None, typer.Option("--os", help="System that it will run on, such as 'iOS 18.0'.")] = None,
    accept_licence: _Accept = False,
    json: Json = False,
) -> None:
    """Fetch a bundle and verify it."""
    from ..core.plugins.registry import registry
    from .manage import installed_bundle
    from .manage import pull as fetch

    entry = registry.planners.find(name)
    if entry is not None and (to is None or installed_bundle(name) is None):
        words = f"{name} is installed with {entry.owner}: there is nothing to fetch."
        held = installed_bundle(name)
        _tell({"name": name, "installed": entry.owner, "folder": str(held) if held else None}, words, json)
        return
    folder = fetch(name, variant=variant, revision=revision, to=to, system=system, accept_licence=accept_licence)
    _tell({"name": name, "folder": str(folder)}, str(folder), json)


@app.command()
def verify(name: _Name, variant: _Variant = None, revision: _Revision = None, json: Json = False) -> None:
    """Compare every file of a bundle with its SHA-256."""
    from .manage import verify as check

    bundle = check(name, variant=variant, revision=revision)
    files = list(bundle.manifest.files(bundle.variant))
    _tell({"name": name, "verified": files}, f"{len(files)} files are what bundle.json says.", json)


@app.command()
def remove(name: _Name, json: Json = False) -> None:
    """Remove a bundle from the cache."""
    from .manage import remove as drop

    freed = drop(name)
    _tell({"name": name, "freed": freed}, f"{freed} bytes were freed.", json)


@app.command()
def pack(
    name: _Name,
    folder: Annotated[Path, typer.Argument(help="Folder to write the bundle to.")],
    as_name: Annotated[str, typer.Option("--name", help="Name of the bundle.")],
    spdx: Annotated[str, typer.Option(help="Licence of the weights: its SPDX name, or 'other'.")],
    commercial_use: Annotated[bool, typer.Option(help="Whether the licence allows commercial use.")],
    licence_file: Annotated[Path | None, typer.Option(help="File with the licence's text.")] = None,
    version: Annotated[str, typer.Option(help="Version of the bundle.")] = "1.0.0",
    facts: Annotated[Path | None, typer.Option(help="JSON file with further keys of bundle.json.")] = None,
    json: Json = False,
) -> None:
    """Pack a planner and its weights into a folder."""
    from ..core.strict_json import parse
    from .bundles.packing import pack as write
    from .retouchers import load

    licence: dict[str, Any] = {"spdx": spdx, "commercial_use": commercial_use}
    if licence_file is not None:
        licence["file"] = "LICENSE"
    done = write(
        load(name),
        folder,
        name=as_name,
        licence=licence,
        version=version,
        facts=parse(facts.read_bytes(), name=str(facts)) if facts else None,
        files={"LICENSE": licence_file} if licence_file else None,
    )
    _tell({"folder": str(done)}, str(done), json)


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(help="A packed bundle.")],
    repository: Annotated[str, typer.Argument(help="Repository on the Hub, OWNER/NAME.")],
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    json: Json = False,
) -> None:
    """Upload a packed bundle to the Hugging Face Hub."""
    from .publishing import push as send

    where = send(folder, repository, private=private)
    _tell({"repository": where}, where, json)


def _facts(info: Any, *, whole: bool = False) -> dict[str, Any]:
    facts = {key: value for key, value in vars(info).items() if whole or key != "manifest"}
    return facts | {"licence": dict(info.licence)}


def _tell(document: Any, words: str, json: bool) -> None:
    from ..core.cli.terminal import json_text, say

    say(json_text(document) if json else words)
