"""Checks of an op as a differentiable function: finite gradients, right ones, torch.func, no jumps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..inputs.pixels import hostile, ordinary, paths
from ..inputs.smallest import Values
from ..inputs.specimen import SlotSettings, Specimen, first_bad, rgb_words
from ..verdict import advice, raised
from .specimen import OpSpecimen

# An output step per input step: 60 is past any slider's use, and what 8 bits show as bands.
STEEPEST = 60.0
# How far towards its bounds a slot goes in an ordinary edit.
ORDINARY = 0.3
# What is left of a step when its input step has shrunk to 1e-8 is a jump, not a slope.
JUMP = 1e-3


def finite_gradients(specimen: Specimen) -> Iterator[str]:
    """Gradients to hostile pixels and to slots are finite, in float32, at identity, at the bounds and between."""
    settings = specimen.settings()
    every = hostile().expand(len(settings), -1, -1, -1)
    # A fault in the forward pass is another check's: a grey stands for pixels that have one.
    sound = specimen.apply(every, settings.values).isfinite().all(dim=1, keepdim=True)
    photo = torch.where(sound, every, 0.4).requires_grad_()
    values = {name: value.clone().requires_grad_() for name, value in settings.values.items()}
    done = specimen.apply(photo, values)
    gradients = torch.autograd.grad(done.sum(), [photo, *values.values()], allow_unused=True)
    cure = (
        "Add a small constant inside sqrt, cbrt, pow, norm and atan2, which have no slope at 0, or torch.where on their"
        " input."
    )
    pixels = gradients[0]
    if pixels is not None and (bad := first_bad(~pixels.isfinite())) is not None:
        row, _, _, x = bad
        yield advice(
            "finite gradients to pixels",
            rgb_words(pixels[row, :, 0, x]),
            f"{rgb_words(photo[row, :, 0, x].detach())}, {specimen.words(settings, row)}",
            cure,
        )
        return
    for name, gradient in zip(values, gradients[1:], strict=True):
        if gradient is not None and (bad := first_bad(~gradient.isfinite())) is not None:
            at = _guilty_pixel(specimen, settings, bad[0], name)
            yield advice(
                f"a finite gradient to slot {name!r}",
                str(float(gradient[bad])),
                f"{at}{specimen.words(settings, bad[0])}",
                cure,
            )
            return


def _guilty_pixel(specimen: Specimen, settings: SlotSettings, row: int, name: str) -> str:
    """The first hostile pixel that alone makes the slot's gradient infinite, as text."""
    for pixel in hostile()[0, :, 0].T:
        values = {key: value.clone().requires_grad_(key == name) for key, value in settings.row(row).items()}
        done = specimen.apply(pixel.reshape(1, 3, 1, 1), values)
        if done.requires_grad and not bool(torch.autograd.grad(done.sum(), values[name])[0].isfinite().all()):
            return f"{rgb_words(pixel)}, "
    return ""


def gradcheck(specimen: Specimen) -> Iterator[str]:
    """Gradients agree with finite differences in float64, to pixels and to every slot."""
    findings: list[str] = []
    for seed in range(3):
        settings = specimen.draw(1, seed=20 + seed)
        photo = ordinary(1, *specimen.differentiated, seed=20 + seed)
        for name in ("pixels", *settings.values):
            inputs = photo if name == "pixels" else settings.values[name]
            with specimen.held(photo):
                wrong = _wrong_gradient(_in_one_input(specimen, photo, settings.values, name), inputs)
            if wrong:
                findings.append(
                    advice(
                        f"gradients to {name} as finite differences give them",
                        wrong,
                        f"{rgb_words(photo[0, :, 0, 0])}, {specimen.words(settings, 0)}",
                        "Look for .detach(), .item(), round, or a torch.autograd.Function with a wrong backward.",
                    )
                )
                break
    # One draw of three may have met a kink.
    if len(findings) > 1:
        yield findings[0]


def _in_one_input(specimen: Specimen, photo: Tensor, values: Values, name: str) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        inputs = {"pixels": photo, **values, name: x}
        rows = {key: value.expand(len(x), *value.shape[1:]) for key, value in inputs.items()}
        return specimen.apply(rows.pop("pixels"), rows)

    return run


def _wrong_gradient(run: Callable[[Tensor], Tensor], x: Tensor) -> str:
    """The Jacobian's first entry that is off, as text; empty where all agree."""
    x = x.clone().requires_grad_()
    done = run(x)
    if done.requires_grad:
        flat = done.flatten()
        rows = [torch.autograd.grad(flat[i], x, retain_graph=True, allow_unused=True)[0] for i in range(len(flat))]
        exact = torch.stack([torch.zeros(x.numel(), dtype=x.dtype) if row is None else row.flatten() for row in rows])
    else:
        exact = torch.zeros(done.numel(), x.numel(), dtype=x.dtype)
    for at_once in (True, False):  # many rows at once are quick, and a fault of batches is another check's
        numeric = _slopes(run, x.detach(), at_once=at_once)
        bad = first_bad((exact - numeric).abs() > 1e-5 + 1e-3 * numeric.abs())
        if bad is None:
            return ""
    return f"{float(exact[bad]):.6g} instead of {float(numeric[bad]):.6g}"


@torch.no_grad()
def _slopes(run: Callable[[Tensor], Tensor], x: Tensor, *, at_once: bool, step: float = 1e-6) -> Tensor:
    """The Jacobian (outputs, inputs) by central differences around one row (1, ...)."""
    shifts = step * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape[1:])
    moved = torch.cat([x + shifts, x - shifts])
    done = run(moved) if at_once else torch.cat([run(row[None]) for row in moved])
    ahead, behind = done.flatten(1).chunk(2)
    return ((ahead - behind) / (2 * step)).T


def functional(specimen: OpSpecimen) -> Iterator[str]:
    """`torch.func` works: vmap over photos equals the batch, and jacfwd agrees with jacrev."""
    settings = specimen.draw(2, seed=30)
    photos = ordinary(2, 2, 2, seed=30)

    def alone(rgb: Tensor, values: Values) -> Tensor:
        return specimen.apply(rgb[None], {name: value[None] for name, value in values.items()})[0]

    cure = "Avoid .item(), bool(tensor), in-place writes and Python branches on values."
    with warnings.catch_warnings():
        # torch's own: performance drops of vmap, deprecations inside torch.func.
        warnings.simplefilter("ignore")
        try:
            mapped = torch.func.vmap(alone, randomness="same")(photos, settings.values)
            single = {name: value[0] for name, value in settings.values.items()}
            forward = torch.func.jacfwd(alone, argnums=(0, 1), randomness="same")(photos[0], single)
            backward = torch.func.jacrev(alone, argnums=(0, 1))(photos[0], single)
        except Exception as error:
            # An op may fail with anything at all.
            where = f"a photo of 2 x 2, {specimen.words(settings, 0)}"
            yield advice("vmap, jacfwd and jacrev to run", raised(error), where, cure)
            return
    one_by_one = torch.stack([alone(photos[i], {n: v[i] for n, v in settings.values.items()}) for i in range(2)])
    worst = float((mapped - one_by_one).abs().max())
    if worst > 1e-8:
        yield advice(
            "vmap over photos to equal one after the other", f"a difference of {worst:.2g}", "two photos of 2 x 2", cure
        )
    pairs = [("pixels", forward[0], backward[0]), *((n, forward[1][n], backward[1][n]) for n in single)]
    for name, ahead, back in pairs:
        worst = float((ahead - back).abs().max())
        if worst > 1e-6 * (1 + float(back.abs().max())):
            yield advice(
                f"jacfwd and jacrev to agree in {name}",
                f"a difference of {worst:.2g}",
                specimen.words(settings, 0),
                cure,
            )
            return


def smoothness(specimen: OpSpecimen) -> Iterator[str]:
    """Along ramps, hue wheels and ways through grey nothing jumps;
    at ordinary settings no step grows more than 60 times.
    """
    for reach, limit in ((ORDINARY, STEEPEST), (1.0, math.inf)):
        settings = specimen.settings(reach=reach, draws=4, seed=40, dtype=torch.float64)
        names, points = list(paths()), torch.stack(list(paths().values()))
        factors, starts, ends = steepest(specimen, points, settings)
        left = _jumps(specimen, starts, ends, settings)
        for bad, came in ((left > JUMP, left), (factors > limit, factors)):
            found = first_bad(bad)
            if found is None:
                continue
            row, path = found
            where = f"{rgb_words(starts[row, :, path])} on {names[path]}, {specimen.words(settings, row)}"
            if came is left:
                yield advice(
                    "no jumps",
                    f"a step of {float(left[found]):.3g} between colours 1e-8 apart",
                    where,
                    "Replace the threshold, round or hue wrap by a smoothstep; gate hue by chroma.",
                )
            else:
                yield advice(
                    f"steps at most {limit:g} times the input's at {reach:g} of the bounds",
                    f"{float(factors[found]):.3g} times",
                    where,
                    "Soften the slope there, or narrow the slot's bounds.",
                )
            return


def steepest(specimen: OpSpecimen, points: Tensor, settings: SlotSettings) -> tuple[Tensor, Tensor, Tensor]:
    """The largest output step per input step along paths (P, 3, n), as (S, P), and the colours (S, 3,
    P) at its two ends.
    """
    count, _, n = points.shape
    rows = len(settings)
    line = points.transpose(0, 1).reshape(3, count * n).expand(rows, -1, -1)
    done = specimen.colours(line, settings).reshape(rows, 3, count, n)
    steps = done.diff(dim=3).abs().amax(dim=1).nan_to_num() / points.diff(dim=2).abs().amax(dim=1)
    factors, index = steps.max(dim=2)
    path = torch.arange(count).expand(rows, count)
    starts, ends = points[path, :, index], points[path, :, index + 1]
    return factors, starts.transpose(1, 2), ends.transpose(1, 2)


def _jumps(specimen: OpSpecimen, starts: Tensor, ends: Tensor, settings: SlotSettings) -> Tensor:
    """The output step (S, P) that is left between two colours (S, 3, P) when they have closed in on it to 1e-8."""
    share = torch.linspace(0, 1, 33, dtype=starts.dtype)
    left = torch.zeros(0)
    for _ in range(4):  # 32^4 is 1e6: from steps of 1e-2 to 1e-8
        inner = starts[..., None] + (ends - starts)[..., None] * share
        done = specimen.colours(inner.flatten(2), settings).reshape(inner.shape)
        left, index = done.diff(dim=3).abs().amax(dim=1).nan_to_num().max(dim=2)
        place = index[:, None, :, None].expand(-1, 3, -1, 1)
        starts, ends = inner.gather(3, place)[..., 0], inner.gather(3, place + 1)[..., 0]
    return left
