"""The pages on the Python API: each public name, its signature, its docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from .inventory import ALIASES, MODULES, members, names
from .markdown import fence, page, summary, table


def pages() -> dict[str, str]:
    """A page a module, and their index."""
    modules = {name: import_module(ALIASES.get(name, name)) for name in MODULES}
    index = page(
        "# Python",
        "Names that are meant to be used, and that change only with a line in the changelog. Every module and name"
        " that",
        "is not on these pages is internal, whatever it is called: it may change at any time.",
        "",
        *table(
            ("module", "what it holds"),
            [(f"[{name}](api/{name}.md)", summary(module)) for name, module in modules.items()],
        ),
    )
    return {"api.md": index, **{f"api/{name}.md": text(name, module) for name, module in modules.items()}}


def text(name: str, module: Any) -> str:
    """The page of one module."""
    lines = body(inspect.getdoc(module) or "")
    for short in names(module):
        thing = getattr(module, short)
        lines += ["", f"## {short}", ""]
        if inspect.ismodule(thing) or f"{name}.{short}" in MODULES:
            lines.append(f"See [{name}.{short}]({name}.{short}.md).")
            continue
        lines += described(short, thing)
        if inspect.isclass(thing):
            for member, value in members(thing):
                if documented(value):
                    lines += ["", f"### {short}.{member}", "", *described(member, value)]
    return page(f"# {name}", *lines)


def documented(value: Any) -> bool:
    """Whether a member has a docstring of its own; fields are told of in that of their class."""
    return inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)


def described(name: str, thing: Any) -> Iterator[str]:
    """Signature and docstring."""
    inside = thing.__func__ if isinstance(thing, classmethod | staticmethod) else thing
    if inspect.isclass(thing) or inspect.isfunction(inside):
        yield from fence("text", signature(name, inside))
        yield ""
    elif isinstance(thing, property):
        yield "*property*"
        yield ""
    elif not callable(thing):
        yield f"A value: {type(thing).__name__}."
        return
    yield from body(inspect.getdoc(inside) or "")


def signature(name: str, thing: Any) -> str:
    """How it is called, a line an argument where it is long."""
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return f"{name}({', '.join(base.__name__ for base in thing.__bases__)})"
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return name
    parts = [parameter(part) for part in found.parameters.values()]
    kinds = [part.kind for part in found.parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        parts.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    returns = found.return_annotation
    gives = "" if returns is inspect.Signature.empty or inspect.isclass(thing) else f" -> {shown(returns)}"
    line = f"{name}({', '.join(parts)}){gives}"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){gives}"


def parameter(part: inspect.Parameter) -> str:
    """A parameter as it is written: annotations without quotes, objects without addresses."""
    plain = re.sub(r": '(.*?)'(?= =|$)", r": \1", str(part))
    return re.sub(r"<factory>|<[^>]* object at [^>]*>", "...", plain)


def shown(annotation: Any) -> str:
    """An annotation by its name."""
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def body(doc: str) -> list[str]:
    """A docstring as Markdown: headed sections as lists, examples as code."""
    lines: list[str] = []
    code = section = False
    for line in doc.splitlines():
        starts = line.lstrip().startswith((">>> ", "... ")) or line.strip() == ">>>"
        if starts and not code:
            lines += ["", "```pycon"]
            code, section = True, False
        elif code and not line.strip():
            lines.append("```")
            code = False
        if code:
            lines.append(line)
        elif re.fullmatch(r"[A-Z][a-z]+:", line):
            lines += [f"**{line[:-1]}**", ""]
            section = True
        elif section and re.match(r"    \S", line):
            lines.append(f"- {line.strip()}")
        elif section and line.startswith("     "):
            lines[-1] += f" {line.strip()}"
        else:
            section = False
            lines.append(line)
    return [*lines, "```"] if code else lines
