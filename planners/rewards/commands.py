"""The command `rewards`: which are installed, and what one judges."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.cli.options import Json


def rewards(
    reward: Annotated[str | None, typer.Argument(help="Show what this reward judges.")] = None,
    json: Json = False,
) -> None:
    """List the installed rewards of post-training, or show one."""
    from ...core.cli.listing import show_catalogue
    from ...core.plugins.registry import registry

    if reward is None:
        show_catalogue(registry.rewards, json=json)
    else:
        _show(reward, json=json)


def _show(id: str, *, json: bool) -> None:
    import inspect

    from ...core.cli.terminal import columns, json_text, message, say
    from ...core.contract.request import MODES
    from ...core.plugins.registry import registry
    from ...core.plugins.summary import first_paragraph

    reward = registry.rewards.load(id)
    entry = registry.rewards.entries()[reward.id]
    summary = first_paragraph(reward.__doc__)
    modes = [mode for mode in MODES if mode in reward.modes]
    options = {
        name: parameter.default
        for name, parameter in inspect.signature(reward).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    if json:
        head = {"id": reward.id, "version": reward.version, "modes": modes, "judges_malformed": reward.judges_malformed}
        say(json_text({**head, "distribution": entry.distribution, "summary": summary, "options": options}))
        return
    judged = "any answer" if reward.judges_malformed else "well-formed answers"
    say(message(f"{reward.id} {reward.version} ({entry.owner}), {judged} in {', '.join(modes)}"))
    say(message(summary))
    if options:
        say()
        say(columns([("OPTION", "DEFAULT"), *((name, repr(value)) for name, value in options.items())]))
