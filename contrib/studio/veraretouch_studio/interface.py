"""The HTTP interface in one table: what can be asked, with what, and what comes back.

The requests' bodies are judged by it, and the OpenAPI document is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from veraretouch_serve import interface
from veraretouch_serve.interface import BINARY, Operation, closed, whole

from veraretouch.core.contract.request import TASTES

ID: Final = "[0-9a-f]{24}"
_EVENTS: Final = "text/event-stream"

_ID: Mapping[str, Any] = {"type": "string", "pattern": f"^{ID}$"}
_PLAN: Mapping[str, Any] = {"type": ["object", "null"], "description": "A plan's document; null: not edited."}
_SPACE: Mapping[str, Any] = {"enum": ["srgb", "p3"], "description": "The display's colour space."}
_FRAME: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1000,
    "description": "What of the photo is seen, in words or JSON as a plan has it.",
}
_NAME: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
_IDS: Mapping[str, Any] = {
    "type": "array",
    "items": _ID,
    "minItems": 1,
    "maxItems": 10000,
    "uniqueItems": True,
}
_ASKED: Mapping[str, Any] = {
    "mode": {"enum": ["auto", "style", "reference"]},
    "planner": _NAME,
    "style": {"type": "string", "maxLength": 20000},
    "taste": {"enum": [*TASTES, None]},
    "groups": {"type": ["array", "null"], "items": {"type": "string", "maxLength": 100}, "maxItems": 100},
    "target": _ID,
    "before": _ID,
}
_PHOTO: Final = "/api/photos/{id}"
_STEPPED: Mapping[int, str] = {409: "edited elsewhere meanwhile", 428: "no revision is named", 429: "too many edits"}

OPERATIONS: Final = (
    Operation("GET", "/api/schema", "schema", "The ops, areas and planners that are installed, with their slots."),
    Operation("GET", "/api/photos", "photos", "The photos of the session."),
    Operation("POST", "/api/photos", "add", "Take in a photo.", "raw", query={"name": _NAME}, required=("name",)),
    Operation("GET", _PHOTO, "photo", "A photo's facts, its plan and its steps."),
    Operation(
        "GET",
        f"{_PHOTO}/thumbnail",
        "thumbnail",
        "A small JPEG of a photo.",
        gives="image/jpeg",
        query={"edited": {"enum": ["0", "1"]}, "revision": whole(0, 10**8)},
    ),
    Operation(
        "GET",
        f"{_PHOTO}/preview",
        "preview",
        "A photo's pixels in its own encoding, rows from the top: X-Width, X-Height, X-Format rgb8 or rgb16f.",
        gives=BINARY,
        query={"side": whole(64, 8192), "frame": _FRAME},
        required=("side",),
    ),
    Operation(
        "GET",
        f"{_PHOTO}/tile/{{column}}/{{row}}",
        "tile",
        "1024 x 1024 pixels of a photo at full size, as `preview`.",
        gives=BINARY,
        query={"frame": _FRAME},
    ),
    Operation(
        "POST",
        f"{_PHOTO}/table",
        "table",
        "The table from a photo's encoding to the display's by a plan: X-Points an axis, blue slowest, RGB in float32, "
        "or float16 for a draft.",
        closed(("plan", "space"), plan=_PLAN, space=_SPACE, draft={"type": "boolean"}),
        gives=BINARY,
        also={204: "no table can show it (X-Reason): ask for it rendered"},
    ),
    Operation(
        "POST",
        f"{_PHOTO}/render",
        "render",
        "The finished picture in the display's encoding: the whole photo at a size, or a part at full size.",
        {
            "oneOf": [
                closed(("plan", "space", "side"), plan=_PLAN, space=_SPACE, side=whole(64, 8192)),
                closed(
                    ("plan", "space", "left", "top", "width", "height"),
                    plan=_PLAN,
                    space=_SPACE,
                    left=whole(0, 10**6),
                    top=whole(0, 10**6),
                    width=whole(1, 16384),
                    height=whole(1, 16384),
                ),
            ]
        },
        gives=BINARY,
    ),
    Operation(
        "POST",
        f"{_PHOTO}/plan",
        "plan",
        "What a planner says of a photo, as events while it is at work: words, reasoning (a group anew as it grows), "
        "text (an answer of another form), plan, error. The planner stops when nobody listens any more.",
        closed(("mode",), **_ASKED, frame=_FRAME),
        gives=_EVENTS,
    ),
    Operation(
        "PUT",
        f"{_PHOTO}/edits",
        "put",
        "Write an edit down; answered once it is in the journal.",
        closed(("plan",), plan=_PLAN, name=_NAME),
        revision=True,
        also=_STEPPED,
    ),
    Operation("POST", f"{_PHOTO}/undo", "undo", "Go a step back.", revision=True, also=_STEPPED),
    Operation("POST", f"{_PHOTO}/redo", "redo", "Go a step forth.", revision=True, also=_STEPPED),
    Operation("GET", f"{_PHOTO}/history", "history", "The steps of a photo."),
    Operation(
        "POST",
        f"{_PHOTO}/level",
        "level",
        "The angle of a frame that makes the horizon level, 0 where none is clear; what was seen, and what follows.",
        closed(frame=_FRAME),
    ),
    Operation(
        "POST", f"{_PHOTO}/explain", "explain", "An edit as sliders that come near it.", closed(("plan",), plan=_PLAN)
    ),
    Operation(
        "POST",
        f"{_PHOTO}/document",
        "document",
        "A plan as a file for other programs.",
        closed(("plan", "kind"), plan={"type": "object"}, kind={"enum": ["plan", "xmp", "cube"]}),
        gives=BINARY,
    ),
    Operation(
        "POST",
        "/api/values",
        "values",
        "The plan that a preset, a look-up table or a plan's file holds.",
        "raw",
        query={"name": _NAME},
        required=("name",),
    ),
    Operation(
        "POST",
        "/api/paste",
        "paste",
        "Put the values of a plan, or of the plan of the photo `from`, over those of others; `whole`: in their place.",
        closed(
            ("to",),
            **{"from": _ID},
            plan={"type": "object"},
            whole={"type": "boolean"},
            to={"type": "array", "items": _ID, "maxItems": 10000},
            slots={"type": ["array", "null"], "items": {"type": "string", "maxLength": 300}, "maxItems": 10000},
            name=_NAME,
        ),
        also={429: "too many edits"},
    ),
    Operation(
        "POST",
        "/api/plans",
        "plans",
        "Plan several photos, in a job: each, by the plan of one for all, or with all matched to one in exposure and "
        "white balance.",
        closed(
            ("ids", "mode"),
            **_ASKED,
            ids=_IDS,
            way={"enum": ["each", "one", "match"]},
            reference={**_ID, "description": "Whose plan and light all get; by default of the median photo."},
            name=_NAME,
        ),
        also={429: "too many edits"},
    ),
    Operation(
        "POST",
        "/api/export",
        "export",
        "Write photos by their plans, as the command line does, in a job; the format `sheet` is a contact sheet.",
        closed(
            ("ids",),
            ids=_IDS,
            format={"type": "string", "pattern": "^[a-z0-9]{1,5}$"},
            folder=_NAME,
            quality=whole(1, 100),
            max_size=whole(1, 100_000),
            color_space={"enum": ["keep", "srgb", "p3"]},
            compare={"type": "boolean"},
            save_plan={"type": "boolean"},
            overwrite={"type": "boolean"},
        ),
    ),
    Operation("GET", "/api/jobs/{job}", "job", "How far a job is."),
    Operation("GET", "/api/jobs/{job}/events", "watch", "The same, as events until it ends.", gives=_EVENTS),
    Operation(
        "DELETE",
        "/api/jobs/{job}",
        "cancel",
        "End a job: an export after the photo that it is at, a planner at its next step.",
    ),
    Operation("GET", "/api/openapi.json", "openapi", "This interface as an OpenAPI document."),
)


_PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "id": _ID,
    "column": whole(0, 10_000),
    "row": whole(0, 10_000),
    "job": {"type": "string", "minLength": 1, "maxLength": 40},
}
_REFUSALS: Final[Mapping[int, str]] = {
    400: "what was sent is not what is asked for",
    401: "no session",
    403: "not from this page",
    404: "no such photo",
    413: "the body is too large",
    422: "refused by a reader, a planner, an op or the renderer",
}


def openapi() -> dict[str, Any]:
    """The interface as an OpenAPI 3.1 document."""
    return interface.openapi(
        OPERATIONS,
        title="veraretouch studio",
        version=version("veraretouch-studio"),
        refusals=_REFUSALS,
        places=_PLACES,
    )
