"""What a notebook shows of a result: small pictures before and after, and the reasoning as text; names are escaped."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO
from typing import Final

from ..photo import Photo
from ..plan.plan import Plan

_SIDE: Final = 480
_LONGEST: Final = 2000  # characters of one thought


def picture_html(photo: Photo, caption: str) -> str:
    """A photo as a figure of at most 480 pixels a side, JPEG in the page itself."""
    held = BytesIO()
    small = photo.resized(_SIDE).pil()
    small.convert("L" if small.mode in ("L", "LA") else "RGB").save(held, "JPEG", quality=85)
    data = base64.b64encode(held.getvalue()).decode()
    words = escape(caption)
    return (
        '<figure style="display:inline-block;margin:0 8px 8px 0">'
        f'<img alt="{words}" src="data:image/jpeg;base64,{data}"><figcaption>{words}</figcaption></figure>'
    )


def result_html(before: Photo | None, after: Photo, plan: Plan) -> str:
    """Before and after, side by side, then what was found and done in each group."""
    pictures = [] if before is None else [picture_html(before, "before")]
    pictures.append(picture_html(after, "after"))
    return f"<div>{''.join(pictures)}{reasoning_html(plan)}</div>"


def reasoning_html(plan: Plan) -> str:
    """The reasoning as a list of groups."""
    lines = []
    for group, thought in plan.reasoning.items():
        said = " ".join(str(part)[:_LONGEST] for part in (thought.get("problem"), thought.get("plan")) if part)
        lines.append(f"<dt>{escape(str(group))}</dt><dd>{escape(said)}</dd>")
    return f"<dl>{''.join(lines)}</dl>" if lines else ""
