"""`.lrtemplate` files: a Lua assignment of one table, read as literals. Nothing is run,
and nothing but literals is read.

Source: Lua 5.1 reference manual, 2.1 (lexical conventions) and 2.5.7 (table constructors).
"""

from __future__ import annotations

import re
from typing import Any, Final

from ...core.errors import InvalidDocument

DEEPEST: Final = 20
MOST: Final = 10_000  # values; Lightroom's largest files hold some hundreds
_TOKEN: Final = re.compile(
    r"""\s+|--[^\n]*
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>[{}\[\]=,;])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(\d{1,3}|.)", re.DOTALL | re.ASCII)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_TRANSLATED: Final = "ZSTR"  # Lightroom's own presets: "$$$/key=text", of which the key finds a translation
_WORDS: Final = {"true": "True", "false": "False", "nil": ""}


def read_lua(text: str, name: str) -> dict[str, Any]:
    """The table of ``s = { ... }``: numbers, truths and strings as text, tables as dict,
    or as list where they have no keys.

    Raises:
        InvalidDocument: anything but literals (calls, functions, concatenations), a key twice, depth beyond 20,
            more than 10,000 values.

    >>> read_lua('s = { title = "Film", value = { 0, -0.5 } }', "film")
    {'title': 'Film', 'value': ['0', '-0.5']}
    """
    return _Reader(text, name).document()


class _Reader:
    """Reads tokens one by one; errors name the line."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.end = self.start = self.values = 0
        self.kind, self.token = "", ""
        self.next()

    def document(self) -> dict[str, Any]:
        self.take("word")
        self.sign("=")
        table = self.value(0)
        if not isinstance(table, dict) or self.kind:
            raise self.error("one table and nothing after it was expected")
        return table

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise self.error(f"tables nested deeper than {DEEPEST}")
        self.values += 1
        if self.values > MOST:
            raise self.error(f"more than {MOST:,} values")
        if self.kind == "text":
            return self.unquoted(self.take("text"))
        if self.kind == "number":
            return self.take("number")
        if (self.kind, self.token) == ("word", _TRANSLATED):
            self.next()
            return self.unquoted(self.take("text")).rpartition("=")[2]
        if self.kind == "word" and self.token in _WORDS:
            return _WORDS[self.take("word")]
        self.sign("{")
        return self.table(depth)

    def table(self, depth: int) -> Any:
        named: dict[str, Any] = {}
        listed: list[Any] = []
        while (self.kind, self.token) != ("sign", "}"):
            key = self.key()
            if key is None:
                listed.append(self.value(depth + 1))
            elif key in named:
                raise self.error(f"key {key[:60]!r} stands twice in one table")
            else:
                named[key] = self.value(depth + 1)
            if (self.kind, self.token) not in (("sign", ","), ("sign", ";")):
                break
            self.next()
        self.sign("}")
        if named and listed:
            raise self.error("a table with keys and without")
        return listed or named

    def key(self) -> str | None:
        if self.kind == "word" and self.token not in _WORDS:
            key = self.take("word")
        elif (self.kind, self.token) == ("sign", "["):
            self.next()
            key = self.unquoted(self.take("text")) if self.kind == "text" else self.take("number")
            self.sign("]")
        else:
            return None
        self.sign("=")
        return key

    def unquoted(self, text: str) -> str:
        def plain(match: re.Match[str]) -> str:
            code = match[1]
            return chr(int(code)) if code.isdigit() else _ESCAPES.get(code, code)

        return _ESCAPE.sub(plain, text[1:-1])

    def sign(self, sign: str) -> None:
        if self.token != sign or self.kind != "sign":
            raise self.error(f"{sign!r} was expected")
        self.next()

    def take(self, kind: str) -> str:
        if self.kind != kind:
            raise self.error(f"a {kind} was expected")
        token = self.token
        self.next()
        return token

    def next(self) -> None:
        while self.end < len(self.text):
            self.start = self.end
            match = _TOKEN.match(self.text, self.end)
            if match is None:
                self.token = self.text[self.start : self.start + 1]
                raise self.error("it is no part of a literal")
            self.end = match.end()
            if match.lastgroup:
                self.kind, self.token = match.lastgroup, match[0]
                return
        self.kind, self.token, self.start = "", "", len(self.text)

    def error(self, rule: str) -> InvalidDocument:
        line = self.text.count("\n", 0, self.start) + 1
        found = repr(self.token[:40]) if self.token else "the end"
        return InvalidDocument(
            f"{found} in line {line}: {rule}",
            path=self.name,
            cure="Only tables of numbers, strings, true and false are read; nothing is run.",
        )
