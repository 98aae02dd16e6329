"""What an assistant can do: look, plan, change, compare, write. Each tool's docstring is what the assistant reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Image
from pydantic import Field

import veraretouch as vr
from veraretouch.core.contract.planner import DEFAULT_PLANNER
from veraretouch.core.contract.request import Taste
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo import ColorSpace, SaveOptions
from veraretouch.core.plan.frame import frame_text, read_frame
from veraretouch.planners.edit_files import read_edit_file

from .catalogue import described_areas, described_ops, described_planners
from .changes import with_proposal, with_values, with_values_in
from .edits import Edit, Edits
from .folders import LONGEST_NAME, MOST_LISTED, Folders
from .seeing import SIDE, beside, distance, jpeg, opened, rendered, renderer, statistics

_PLANNING_SIDE: Final = 1024
_COMPARED_SIDE: Final = 640
_AS_IT_IS: Final = "the photo as it is"
_AREAS: Final = [
    *("sky", "not skin", "sky - person", "luminance: low=0.7", "linear: from top to 0.4"),
    "ellipse: x=0.5 y=0.4 radius_x=0.3 radius_y=0.2 feather=0.8",
]

Handle = Annotated[str, Field(max_length=40, description="the handle of an edit, as open_photo and others give it")]
FileName = Annotated[str, Field(max_length=LONGEST_NAME, description="a file's name as list_photos gives it")]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Side = Annotated[int, Field(ge=64, le=1600, description="pixels of the picture's long side")]
Values = Annotated[
    dict[str, Any], Field(description='values by address, such as {"exposure.ev": 0.3}; null takes one back to rest')
]
Facts = dict[str, Any]
Shown = list[Image | Facts]


class Tools:
    """The tools of a server over some folders."""

    def __init__(self, folders: Folders) -> None:
        self._folders, self._edits = folders, Edits()

    def all(self) -> list[Callable[..., Any]]:
        """Every tool, in the order in which they are listed."""
        looking = (self.list_photos, self.list_ops, self.list_areas, self.list_planners, self.open_photo)
        seeing = (self.image_stats, self.render, self.compare, self.explain, self.report)
        making = (self.plan, self.style, self.adjust, self.set_strength, self.set_frame, self.apply_file, self.fit)
        return [*looking, *seeing, *making, self.undo, self.export]

    def list_photos(
        self, start: Annotated[int, Field(ge=0, le=10**9)] = 0, limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 100
    ) -> Facts:
        """The photos that may be opened, by name: `limit` of them from the one counted `start` from 0."""
        names = list(self._folders.listed())
        return {"photos": names[start : start + limit], "total": len(names)}

    def list_ops(self, only: Annotated[list[str] | None, Field(max_length=100)] = None) -> Facts:
        """The ops that can be adjusted. Without `only` their ids and what they do; with ids, the JSON Schema of each
        of their slots: bounds, unit, value at rest. An address is op.slot, such as exposure.ev.
        """
        return {"ops": described_ops(only)}

    def list_areas(self) -> Facts:
        """The areas in which values may apply, with their slots, and how they are said in words."""
        return {"areas": described_areas(), "words": _AREAS}

    def list_planners(self) -> Facts:
        """The planners that `plan` and `style` can ask, with their modes and tastes."""
        return {"planners": described_planners(), "default": DEFAULT_PLANNER}

    def open_photo(self, name: FileName) -> Facts:
        """Open a photo. Gives the handle of an edit that changes nothing yet, and what the file is."""
        path = self._folders.file(name)
        photo = opened(path)
        facts = {"width": photo.width, "height": photo.height, "bits": 8 * photo.pixels.dtype.itemsize}
        return self._made(self._edits.begin(path, "opened")) | facts | {"format": photo.format, "grey": photo.grey}

    def image_stats(self, edit: Handle) -> Facts:
        """Numbers about an edit's picture: lightness (L* percentiles), clipping, colour cast (a*, b* of its calm half),
        chroma, histograms, and what is seen in it (sky, skin, foliage ...) with lightness, chroma and hue of each.
        """
        return {"edit": edit} | statistics(rendered(self._edits.get(edit), SIDE))

    def render(self, edit: Handle, side: Side = 768) -> Shown:
        """Show an edit's picture, small. The full size is written by export."""
        picture = rendered(self._edits.get(edit), side)
        facts = {"edit": edit, "width": picture.shape[1], "height": picture.shape[0]}
        return [Image(data=jpeg(picture), format="jpeg"), facts]

    def compare(self, edit: Handle, other: Handle | None = None, side: Side = _COMPARED_SIDE) -> Shown:
        """Show two pictures of a photo side by side: `other`, by default the photo as it is, left; `edit` right. Says
        how far they lie apart in CIEDE2000 (1 is just visible), on the whole and in each thing that is seen.
        """
        one = self._edits.get(edit)
        two = self._edits.get(other) if other else _as_it_is(one)
        if two.photo != one.photo or two.plan.frame != one.plan.frame:
            raise InvalidRequest(
                "the two edits show different photos or parts of one", cure="Compare edits of one photo in one frame."
            )
        facts = {"left": other or _AS_IT_IS, "right": edit}
        facts |= {"ciede2000": distance(rendered(two, SIDE), rendered(one, SIDE))}
        return [_side_by_side(two, one, side), facts]

    def explain(self, edit: Handle) -> Facts:
        """Why and by what an edit changes its photo: the planner's reasons, every value by address, and, for edits by
        networks or tables, sliders that come near them.
        """
        found = self._edits.get(edit)
        facts: Facts = {"edit": edit, "reasons": dict(found.plan.reasoning), "plan": found.plan.document()}
        if any(vr.registry.ops.load(id).pointwise and _is_opaque(id) for id in found.plan.edits):
            told = vr.explain(found.plan, photo=opened(found.photo).resized(_PLANNING_SIDE), renderer=renderer())
            facts["sliders"] = {"plan": told.plan.document(), "error": round(told.report.error_after, 2)}
        return facts

    def report(self, edit: Handle) -> Shown:
        """All that led to an edit: its steps with their handles, numbers before and after, and both pictures."""
        found = self._edits.get(edit)
        before = _as_it_is(found)
        small = {"before": rendered(before, SIDE), "after": rendered(found, SIDE)}
        facts: Facts = {"left": _AS_IT_IS, "right": edit, "ciede2000": distance(small["before"], small["after"])}
        steps = [{"edit": each.handle, "did": each.said} for each in self._edits.steps(found)]
        numbers = {name: statistics(picture) for name, picture in small.items()}
        for each in numbers.values():
            del each["histograms"]  # image_stats has them
        told = {"photo": self._folders.name_of(found.photo), "steps": steps} | facts | numbers
        return [_side_by_side(before, found, _COMPARED_SIDE), told]

    def plan(self, edit: Handle, planner: Words = DEFAULT_PLANNER, taste: Taste | None = None) -> Facts:
        """Let a planner retouch the photo as it sees fit, in place of what is set for the whole photo so far; edits in
        areas and the frame stay. Taste: faithful repairs faults, natural also finishes, vivid goes on.
        """
        return self._proposed(edit, planner, f"planned by {planner}", taste=taste)

    def style(self, edit: Handle, prompt: Words, planner: Words = DEFAULT_PLANNER, taste: Taste | None = None) -> Facts:
        """Let a planner follow words such as "warm and moody, darker sky", in place of what is set for the whole photo
        so far; edits in areas and the frame stay.
        """
        return self._proposed(edit, planner, f"style by {planner}: {prompt}", style=prompt, taste=taste)

    def adjust(self, edit: Handle, values: Values, area: Words | None = None) -> Facts:
        """Set exact values over what there is: of the whole photo, or within an area ("sky", "linear: from top to
        0.4"). list_ops and list_areas say what there is.
        """
        before = self._edits.get(edit)
        plan = with_values(before.plan, values) if area is None else with_values_in(before.plan, area, values)
        where = "" if area is None else f" in {area}"
        return self._after(before, plan, f"set {', '.join(values)}{where}")

    def set_strength(
        self,
        edit: Handle,
        strength: Annotated[float, Field(ge=0, le=1)],
        groups: Annotated[list[str] | None, Field(max_length=20)] = None,
    ) -> Facts:
        """Blend an edit with the photo as it is, 0 to 1; with `groups`, such as ["lighting"], only these apply."""
        before = self._edits.get(edit)
        plan = before.plan if groups is None else before.plan.only(groups)
        return self._after(before, replace(plan, strength=strength), f"strength {strength:g}")

    def set_frame(self, edit: Handle, frame: Words | None = None, level: bool = False) -> Facts:
        """Crop, turn and flip: "crop: 0.1 0 0.9 1; angle: -1.2" in shares of the photo and degrees; none is the whole
        photo. `level` turns it so that its horizon is level, where one is surely seen.
        """
        before = self._edits.get(edit)
        asked = read_frame(frame) if frame else None
        found, why = _retoucher(DEFAULT_PLANNER).framing(opened(before.photo), asked, level=level)
        plan = replace(before.plan, frame=found, reasoning={**before.plan.reasoning, **why})
        said = f"frame {frame or 'of the whole photo'}{', level' if level else ''}"
        return self._after(before, plan, said) | {"frame": frame_text(found) if found else None, "reasons": dict(why)}

    def apply_file(self, edit: Handle, name: FileName) -> Facts:
        """Take the edit that a file in the folders holds: a plan (.json), a preset (.xmp, .lrtemplate), a look-up table
        (.cube and others) or a colour decision list (.cc), in place of the edit so far.
        """
        before = self._edits.get(edit)
        plan, missing = read_edit_file(self._folders.file(name))
        made = self._after(before, plan, f"applied {name}")
        return made | ({"not_rendered": list(missing)} if missing else {})

    def fit(self, before: FileName, after: FileName, areas: bool = False) -> Facts:
        """Find the sliders, and with `areas` the gradients and ranges, that make one photo file into another. Gives an
        edit of the first.
        """
        one, two = self._folders.file(before), self._folders.file(after)
        found = vr.fit(opened(one), opened(two), areas=areas)
        start = self._edits.begin(one, "opened")
        return self._after(start, found.plan, f"fitted to {after}") | {"report": found.report.summary()}

    def undo(self, edit: Handle) -> Facts:
        """The edit that this one was made from. Nothing is lost: both handles stay good."""
        return self._made(self._edits.undone(self._edits.get(edit)))

    def export(
        self,
        edit: Handle,
        name: Annotated[str, Field(max_length=200, description="the new file's name; its suffix is the format")],
        quality: Annotated[int | None, Field(ge=1, le=100)] = None,
        max_size: Annotated[int | None, Field(ge=16, le=65535)] = None,
        color_space: Literal["keep", "srgb", "p3"] = "keep",
    ) -> Facts:
        """Write an edit's picture at full size, or at most `max_size` pixels a side, to a new file, with its plan
        beside it. Never replaces a file: a name that is taken is numbered.
        """
        found = self._edits.get(edit)
        path = self._folders.new_file(name)
        space: ColorSpace = color_space
        done = renderer().render(opened(found.photo), found.plan, color_space=space)
        done = done.resized(max_size) if max_size is not None else done
        options = SaveOptions(quality=quality, overwrite=False, metadata=found.plan.notes())
        done.save(path, options=options)
        plan = found.plan.save(path.with_name(f"{path.name}.plan.json"))
        return {"edit": edit, "file": str(path), "plan": str(plan), "width": done.width, "height": done.height}

    def _proposed(self, handle: str, planner: str, said: str, **wishes: Any) -> Facts:
        before = self._edits.get(handle)
        photo = opened(before.photo).resized(_PLANNING_SIDE)
        proposal = _retoucher(planner).plan(photo, frame=before.plan.frame, **wishes)
        made = self._after(before, with_proposal(before.plan, proposal), said)
        return made | {"reasons": dict(proposal.reasoning)}

    def _after(self, before: Edit, plan: vr.Plan, said: str) -> Facts:
        rendered(replace(before, plan=plan), 64)  # what cannot be rendered is refused now, not when it is looked at
        return self._made(self._edits.after(before, plan, said))

    def _made(self, edit: Edit) -> Facts:
        return {"edit": edit.handle, "photo": self._folders.name_of(edit.photo), "values": _values(edit.plan)}


def _retoucher(name: str) -> vr.Retoucher:
    """An installed planner's; bundles are not fetched for an assistant.

    Raises:
        InvalidRequest
    """
    if name not in vr.registry.planners:
        known = ", ".join(vr.registry.planners)
        raise InvalidRequest(f"no planner {name[:100]!r} is installed", cure=f"There are {known}.")
    return _loaded(name)


_loaded = lru_cache(maxsize=4)(vr.load)


def _as_it_is(edit: Edit) -> Edit:
    """The same photo in the same frame, with nothing done to it."""
    return replace(edit, plan=vr.Plan("param", frame=edit.plan.frame))


def _side_by_side(left: Edit, right: Edit, side: int) -> Image:
    return Image(data=jpeg(beside(rendered(left, side), rendered(right, side))), format="jpeg")


def _values(plan: vr.Plan) -> Mapping[str, Any]:
    """What a plan sets, by address; local adjustments below the words of their area. Large values are left out."""
    return _by_address(plan.edits) | {f"in {entry.name}": _by_address(entry.edits) for entry in plan.local}


def _by_address(edits: Mapping[str, vr.Edit]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for id, edit in edits.items():
        for name, value in edit.params.items():
            shown = value.tolist() if value.size <= 32 else f"{value.size} numbers"
            found[f"{id}.{name}"] = round(shown, 4) if isinstance(shown, float) else shown
    return found


def _is_opaque(id: str) -> bool:
    """Whether an op's values say little to people: embeddings and tables."""
    return any(slot.kind in ("embedding", "lattice") for slot in vr.registry.ops.load(id).slots.values())
