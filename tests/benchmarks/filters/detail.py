"""Detail and effects beside OpenCV's and Pillow's nearest.

    python tests/benchmarks/filters/detail.py --photos FOLDER --archives FOLDER

Needs opencv-python-headless. Writes docs/benchmarks/detail.json and detail.md, which tell what was measured. Twenty
photos of the first folder are taken, evenly by name; of the second, photos outdoors from archives whose sources did
not teach dehaze (`hazing.half_of`). OpenCV's strengths are what served five other photos best; ours is always 1.
"""

from __future__ import annotations

import argparse
import json
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from hazing import OUTDOORS, depth_of, hazed, photos_of, sky_of
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

from veraretouch import Plan, Renderer, registry
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.op import Frame
from veraretouch.core.threads import keep_freed_memory

PAGE = Path(__file__).parents[3] / "docs" / "benchmarks"
LEVELS = {"low": (0.0006, 0.004, 3), "middle": (0.0025, 0.01, 5), "high": (0.008, 0.02, 9)}
LARGEST = 768  # pixels along the long side, of all but previews and times
# A row a point: x, y, radius, hardness, flow, joined. A soft wave across the photo, and a hard dab.
STROKES = [[0.1, 0.3, 0.08, 0.2, 0.8, 0], [0.5, 0.5, 0.05, 0.2, 1.0, 1], [0.9, 0.3, 0.1, 0.2, 0.8, 1]]
STROKES += [[0.3, 0.75, 0.1, 1.0, 1.0, 0]]
CHECKERS = [[(x + y) % 2 for x in range(12)] for y in range(8)]
AREAS = {
    "linear": {"full_x": 0.5, "full_y": 0.1, "zero_x": 0.5, "zero_y": 0.6},
    "ellipse": {"x": 0.5, "y": 0.5, "radius_x": 0.3, "radius_y": 0.2},
    "luminance": {"low": 0.5, "high": 1.0},
    "color": {"lightness": 0.6, "chroma": 0.1, "hue": 120.0, "radius": 0.2},
    "brush": {"strokes": STROKES},
    "brush, refined": {"strokes": STROKES, "refine": 1.0},
    "bitmap": {"picture": CHECKERS},
    "bitmap, refined": {"picture": CHECKERS, "refine": 1.0},
    **{name: {} for name in ("sky", "foliage", "water", "person", "skin", "ground")},
}
EDIT = {"exposure": {"version": 1, "params": {"ev": -1.0}}}
PREVIEWED = {
    "clarity": {"amount": 0.6},
    "texture": {"amount": 0.6},
    "local_tone": {"shadows": 0.6, "highlights": -0.6},
    "dehaze": {"amount": 0.6},
    "vignette": {"amount": -0.6},
    "grain": {"amount": 0.3},
    "sharpening": {"amount": 1.0},
    "noise_reduction": {"luminance": 1.0, "color": 1.0},
}


def render(id: str, rgb: Tensor, **slots: float) -> Tensor:
    """An op on a photo (1, 3, H, W)."""
    op = registry.ops.load(id)()
    values = {name: torch.tensor([slots.get(name, float(slot.identity))]) for name, slot in op.slots.items()}
    with torch.inference_mode():
        return op.on_srgb(rgb, op.params(values, Frame(0, 0, *rgb.shape[2:])))


def tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def pixels(rgb: Tensor) -> np.ndarray:
    return np.rint(rgb[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)


def opened(file: Path, long_side: int) -> np.ndarray:
    """A photo, made smaller where it is larger."""
    picture = Image.open(file).convert("RGB")
    picture.thumbnail((long_side, long_side))
    return np.asarray(picture).copy()


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


def apart(a: Tensor, b: Tensor) -> float:
    return float(ciede2000(*(each.permute(0, 2, 3, 1).double().clamp(0, 1) for each in (a, b))).mean())


def timed(work: Callable[[], object]) -> tuple[object, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def noise(photos: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """PSNR and seconds at each level: noisy, OpenCV's, ours."""
    found = {}
    for level, (a, b, strength) in LEVELS.items():
        rows, rng = {"noisy": [], "opencv": [], "ours": []}, np.random.default_rng(0)
        spent = {"opencv": 0.0, "ours": 0.0}
        for photo in photos:
            top, left = (photo.shape[0] - 384) // 2, (photo.shape[1] - 384) // 2
            photo = photo[max(0, top) :, max(0, left) :][:384, :384]
            x = photo / 255
            noisy = np.rint(255 * (x + rng.normal(size=x.shape) * np.sqrt(a * x + b * b)).clip(0, 1)).astype(np.uint8)
            rows["noisy"].append(psnr(photo, noisy))
            peer = (noisy, None, strength, strength, 7, 21)
            done, seconds = timed(lambda peer=peer: cv2.fastNlMeansDenoisingColored(*peer))
            rows["opencv"].append(psnr(photo, done))
            spent["opencv"] += seconds
            done, seconds = timed(lambda noisy=noisy: render("noise_reduction", tensor(noisy), luminance=1, color=1))
            rows["ours"].append(psnr(photo, pixels(done)))
            spent["ours"] += seconds
        found[level] = {name: float(np.mean(row)) for name, row in rows.items()}
        found[level] |= {f"{name}_seconds": seconds / len(photos) for name, seconds in spent.items()}
    return found


def sharpening(photos: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """PSNR after a known blur: blurred, Pillow's at our overshoot, ours."""
    step = np.full((30, 640, 3), 70, np.uint8)
    step[:, 320:] = 180
    found = {}
    for sigma in (1.0, 1.5, 2.0):

        def soft(photo: np.ndarray, sigma: float = sigma) -> np.ndarray:
            return np.rint(gaussian_filter(photo.astype(float), (sigma, sigma, 0))).astype(np.uint8)

        def ours(photo: np.ndarray, sigma: float = sigma) -> np.ndarray:
            return pixels(render("sharpening", tensor(photo), amount=1.0, radius=sigma))

        def theirs(photo: np.ndarray, percent: int, sigma: float = sigma) -> np.ndarray:
            return np.asarray(Image.fromarray(photo).filter(ImageFilter.UnsharpMask(sigma, percent, 0)))

        def over(done: np.ndarray) -> float:
            return max(int(done.max()) - 180, 70 - int(done.min())) / 110

        allowed = over(ours(soft(step)))
        percent = max(p for p in range(5, 301, 5) if over(theirs(soft(step), p)) <= allowed)
        blurred = [soft(photo) for photo in photos]
        pairs = list(zip(photos, blurred, strict=True))
        found[f"{sigma:g}"] = {
            "overshoot": allowed,
            "blurred": float(np.mean([psnr(a, b) for a, b in pairs])),
            "pillow": float(np.mean([psnr(a, theirs(b, percent)) for a, b in pairs])),
            "ours": float(np.mean([psnr(a, ours(b)) for a, b in pairs])),
        }
    return found


def overshoot() -> dict[str, float]:
    """How far edges of several heights and places are overshot, as a share of the step, at worst."""
    found = {}
    for id, settings in (
        ("clarity", ({"amount": 1.0}, {"amount": -1.0})),
        ("local_tone", ({"shadows": 1.0}, {"highlights": -1.0}, {"shadows": 1.0, "highlights": -1.0})),
    ):
        worst = 0.0
        for low, high in ((0.1, 0.9), (0.2, 0.6), (0.4, 0.8), (0.45, 0.65)):
            step = torch.full((1, 3, 60, 800), low)
            step[..., 400:] = high
            for slots in settings:
                line = render(id, step, **slots)[0, 0, 30]
                dark, light = line[20], line[-20]  # far from the edge
                over = max(float(line[400:].max() - light), float(dark - line[:400].min()), 0.0)
                worst = max(worst, over / float(light - dark))
        found[id] = worst
    return found


HAZES: Mapping[str, Callable[[Tensor], Tensor | float]] = {
    "even, 0.8": lambda depth: 0.8,
    "even, 0.65": lambda depth: 0.65,
    "even, 0.5": lambda depth: 0.5,
    "with depth, 0.7 at the horizon": lambda depth: 0.7**depth,
    "with depth, 0.45 at the horizon": lambda depth: 0.45**depth,
}


def dehaze(archives: Path) -> dict[str, float]:
    """How far photos move as they are, and the share of added haze that is taken back."""
    moved, before, after = [], dict.fromkeys(HAZES, 0.0), dict.fromkeys(HAZES, 0.0)
    for photo in photos_of(archives, 1, most=3):
        clear = tensor(photo)
        sky = sky_of(adaptive_avg_pool2d(clear, (192, 192)))
        if float(sky.mean()) < OUTDOORS:
            continue
        moved.append(apart(render("dehaze", clear, amount=1), clear))
        depth = depth_of(sky, (clear.shape[2], clear.shape[3]))
        for name, passing in HAZES.items():
            seen = hazed(clear, passing(depth))
            before[name] += apart(seen, clear)
            after[name] += apart(render("dehaze", seen, amount=1), clear)
    taken = {name: 1 - after[name] / before[name] for name in HAZES}
    return {"photos": len(moved), "moved": float(np.mean(moved)), "median": float(np.median(moved)), **taken}


def with_area(id: str, rgb: Tensor) -> Tensor:
    """A photo, darkened by a stop in an area."""
    name = id.partition(",")[0]
    area = {"id": name, "version": registry.areas.load(name).version, "params": AREAS[id]}
    local = [{"name": "here", "area": [area], "edits": EDIT}]
    plan = Plan.load({"schema": "veraretouch.plan/2", "mode": "param", "edits": {}, "local": local})
    with torch.inference_mode():
        return Renderer().render(rgb[0], plan, engine="exact")[None]


def previews(photos: list[np.ndarray]) -> dict[str, float]:
    """Mean CIEDE2000 between a preview at a quarter and the full render made as small."""
    work = {id: lambda rgb, id=id, slots=slots: render(id, rgb, **slots) for id, slots in PREVIEWED.items()}
    work |= {f"in {id}": lambda rgb, id=id: with_area(id, rgb) for id in AREAS}
    found = {}
    for name, edit in work.items():
        apart_by = []
        for photo in photos:
            full = tensor(photo[: photo.shape[0] // 4 * 4, : photo.shape[1] // 4 * 4])
            apart_by.append(apart(avg_pool2d(edit(full), 4), edit(avg_pool2d(full, 4))))
        found[name] = float(np.mean(apart_by))
    return found


def times(photo: np.ndarray, rounds: int = 3) -> dict[str, dict[str, float | str]]:
    """Seconds at 12 megapixels, ours and OpenCV's nearest by turns; the least of some rounds."""
    large = cv2.resize(photo, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    rgb, floats = tensor(large), large.astype(np.float32) / 255
    fall = np.outer(cv2.getGaussianKernel(3000, 1500), cv2.getGaussianKernel(4000, 2000)).astype(np.float32)
    fall = cv2.merge([fall / fall.max()] * 3)

    def dark_channel() -> object:
        dark = cv2.erode(floats.min(axis=2), np.ones((15, 15)))
        passing = np.maximum(1 - 0.95 * cv2.blur(dark, (161, 161)), 0.1)[..., None]
        return (floats - 1) / passing + 1

    def grain() -> object:
        noise = cv2.randn(np.empty(large.shape[:2], np.float32), 0, 0.05)
        return cv2.add(floats, cv2.merge([noise] * 3))

    def clahe() -> object:
        lab = cv2.cvtColor(large, cv2.COLOR_RGB2LAB)
        lab[..., 0] = cv2.createCLAHE(2.0).apply(lab[..., 0])
        return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)

    def unsharp() -> object:
        return cv2.addWeighted(large, 2, cv2.GaussianBlur(large, (0, 0), 1), -1, 0)

    nearest: dict[str, tuple[str, Callable[[], object]]] = {
        "clarity": ("bilateralFilter, 9 pixels", lambda: cv2.bilateralFilter(large, 9, 50, 9)),
        "texture": ("detailEnhance", lambda: cv2.detailEnhance(large)),
        "local_tone": ("CLAHE on L*", clahe),
        "dehaze": ("the dark channel by erode and blur, floats", dark_channel),
        "vignette": ("multiply by a Gaussian, floats", lambda: cv2.multiply(floats, fall)),
        "grain": ("randn, floats", grain),
        "sharpening": ("GaussianBlur, addWeighted", unsharp),
        "noise_reduction": ("fastNlMeansDenoisingColored", lambda: cv2.fastNlMeansDenoisingColored(large, None, 5, 5)),
    }
    found: dict[str, dict[str, float | str]] = {}
    for id, slots in PREVIEWED.items():
        name, work = nearest[id]
        render(id, rgb[:, :, :64], **slots)
        spent = {"ours": [], "opencv": []}
        for _ in range(1 if id == "noise_reduction" else rounds):
            spent["opencv"].append(timed(work)[1])
            spent["ours"].append(timed(lambda id=id, slots=slots: render(id, rgb, **slots))[1])
        found[id] = {"opencv_name": name, **{whose: min(row) for whose, row in spent.items()}}
    return found


def page(facts: dict) -> str:
    """The figures as a page."""
    about = f"Written by `tests/benchmarks/filters/detail.py`. No photo here tuned an op: {facts['about']}."
    lines = ["# Detail and effects", "", *textwrap.wrap(about, 120), ""]
    lines += ["## Noise reduction", "", f"{facts['photos']} photos of at most {LARGEST} pixels, the middle 384 x 384;"]
    lines += [
        "noise of variance a x + b^2 on encoded values x, rounded to 8 bits. PSNR in dB, processor seconds a photo"
    ]
    lines += ["on one thread.", ""]
    lines += ["| noise | noisy | OpenCV's non-local means | ours | its seconds | ours |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {level} | {r['noisy']:.2f} | {r['opencv']:.2f} | {r['ours']:.2f} |"
        f" {r['opencv_seconds']:.2f} | {r['ours_seconds']:.2f} |"
        for level, r in facts["noise"].items()
    ]
    lines += ["", "## Sharpening", "", "PSNR in dB after a Gaussian blur, at equal overshoot of a blurred step.", ""]
    lines += ["| blur | overshoot | blurred | Pillow's UnsharpMask | ours |", "|---|---|---|---|---|"]
    lines += [
        f"| {sigma} | {r['overshoot']:.1%} | {r['blurred']:.2f} | {r['pillow']:.2f} | {r['ours']:.2f} |"
        for sigma, r in facts["sharpening"].items()
    ]
    over = facts["overshoot"]
    lines += ["", "## Edges", "", "By how much steps are overshot at the ends of the slots, as a share of the step, at"]
    lines += [f"worst: clarity {over['clarity']:.2%}, local_tone {over['local_tone']:.2%}."]
    haze = facts["dehaze"]
    lines += ["", "## Dehaze", "", f"{haze['photos']} photos outdoors, of sources that taught the network nothing. As"]
    lines += [f"they are, an amount of 1 moves them by {haze['moved']:.2f} CIEDE2000 on average, half of them by less"]
    lines += [
        f"than {haze['median']:.3f}. Haze is added by the atmospheric model, even or growing from the bottom of the"
    ]
    lines += ["land to the horizon and the sky, which the scene network finds.", ""]
    lines += ["| haze added, share of light that passes | taken back |", "|---|---|"]
    lines += [f"| {name} | {haze[name]:.0%} |" for name in HAZES]
    lines += ["", "## Previews", "", "Mean CIEDE2000 between a preview at a quarter and the full render made as small,"]
    lines += ["of three photos; in areas the edit is an exposure of -1 EV.", "", "| op or area | apart |", "|---|---|"]
    lines += [f"| {id} | {value:.2f} |" for id, value in facts["previews"].items()]
    lines += ["", "## Time", "", "Processor seconds at 12 megapixels on one thread, of an op called on the whole"]
    lines += [
        "photo at once and its nearest by turns, the least of three rounds (noise reduction: of one), on a machine"
    ]
    lines += ["that others used too. OpenCV's work on bytes but where floats are named; ours on floats.", ""]
    lines += ["| op | ours | OpenCV's nearest |", "|---|---|---|"]
    for id, r in facts["times"].items():
        lines.append(f"| {id} | {r['ours']:.2f} | {r['opencv']:.2f} ({r['opencv_name']}) |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--archives", type=Path, required=True)
    parser.add_argument("--about", required=True, help="what the photos are")
    parser.add_argument("--only", nargs="+", help="parts to measure anew: noise, dehaze ...")
    given = parser.parse_args()
    files = sorted(given.photos.glob("*.jpg"))
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    keep_freed_memory()
    files = files[:: max(1, len(files) // 20)][:20]
    photos = [opened(file, LARGEST) for file in files]
    large = sorted((opened(file, 1024) for file in files), key=np.size)[-3:]
    parts: dict[str, Callable[[], object]] = {
        "noise": lambda: noise(photos),
        "sharpening": lambda: sharpening(photos),
        "overshoot": overshoot,
        "dehaze": lambda: dehaze(given.archives),
        "previews": lambda: previews(large),
        "times": lambda: times(large[0]),
    }
    record = PAGE / "detail.json"
    facts = json.loads(record.read_text()) if given.only else {"photos": len(photos)}
    facts["about"] = given.about
    for name in given.only or parts:
        facts[name] = parts[name]()
        print(name, facts[name], flush=True)
    record.write_text(json.dumps(facts, indent=1) + "\n")
    (PAGE / "detail.md").write_text(page(facts))


if __name__ == "__main__":
    main()
