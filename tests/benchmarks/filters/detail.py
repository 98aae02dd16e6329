"""Detail and effects beside OpenCV's and Pillow's nearest: `python tests/benchmarks/filters/detail.py --photos DIR`.

Needs opencv-python-headless. Writes docs/benchmarks/detail.json and detail.md. Twenty photos of the folder are taken,
evenly by name, at most 768 pixels along the long side. Noise is of variance a x + b^2 on encoded values x, rounded to 8
bits, on the middle 384 x 384. OpenCV's strengths are what served five other photos best; ours is always 1. Times are
processor time on one thread.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn.functional import avg_pool2d

from veraretouch import registry
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.op import Frame
from veraretouch.core.threads import keep_freed_memory

PAGE = Path(__file__).parents[3] / "docs" / "benchmarks"
LEVELS = {"low": (0.0006, 0.004, 3), "middle": (0.0025, 0.01, 5), "high": (0.008, 0.02, 9)}
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


def dehaze(photos: list[np.ndarray]) -> dict[str, float]:
    """How far photos move as they are, and the share of added haze that is taken back."""
    found = {"moved": float(np.mean([apart(render("dehaze", tensor(p), amount=1), tensor(p)) for p in photos]))}
    airlight = torch.tensor([0.88, 0.9, 0.93]).reshape(1, 3, 1, 1)
    for ends in ((0.8, 0.8), (0.65, 0.65), (0.5, 0.5), (0.4, 0.9)):
        before, after = 0.0, 0.0
        for photo in photos:
            clear = tensor(photo)
            left = torch.linspace(*ends, clear.shape[2]).reshape(1, 1, -1, 1)
            hazed = clear * left + airlight * (1 - left)
            before += apart(hazed, clear)
            after += apart(render("dehaze", hazed, amount=1), clear)
        found["{:g} to {:g}".format(*ends)] = 1 - after / before
    return found


def previews(photos: list[np.ndarray]) -> dict[str, float]:
    """Mean CIEDE2000 between a preview at a quarter and the full render made as small."""
    found = {}
    for id, slots in PREVIEWED.items():
        apart_by = []
        for photo in photos[::4]:
            full = tensor(photo[: photo.shape[0] // 4 * 4, : photo.shape[1] // 4 * 4])
            apart_by.append(apart(avg_pool2d(render(id, full, **slots), 4), render(id, avg_pool2d(full, 4), **slots)))
        found[id] = float(np.mean(apart_by))
    return found


def times(photo: np.ndarray) -> dict[str, dict[str, float]]:
    """Seconds at 12 megapixels, ours and OpenCV's nearest."""
    large = cv2.resize(photo, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    rgb, blurred = tensor(large), lambda: cv2.addWeighted(large, 2, cv2.GaussianBlur(large, (0, 0), 1), -1, 0)
    nearest: dict[str, tuple[str, Callable[[], object]]] = {
        "clarity": ("bilateralFilter, 9 pixels", lambda: cv2.bilateralFilter(large, 9, 50, 9)),
        "noise_reduction": ("fastNlMeansDenoisingColored", lambda: cv2.fastNlMeansDenoisingColored(large, None, 5, 5)),
        "sharpening": ("GaussianBlur, addWeighted", blurred),
        "texture": ("detailEnhance", lambda: cv2.detailEnhance(large)),
    }
    found = {}
    for id, slots in PREVIEWED.items():
        render(id, rgb[:, :, :64], **slots)
        found[id] = {"ours": timed(lambda id=id, slots=slots: render(id, rgb, **slots))[1]}
        if id in nearest:
            name, work = nearest[id]
            found[id] |= {"opencv": timed(work)[1], "opencv_name": name}
    return found


def page(facts: dict) -> str:
    """The figures as a page."""
    lines = [
        "# Detail and effects",
        "",
        "Written by `tests/benchmarks/filters/detail.py`, whose header says how.",
        "",
    ]
    lines += ["## Noise reduction", "", "PSNR in dB, seconds a photo.", ""]
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
    haze = facts["dehaze"]
    lines += ["", "## Dehaze", "", f"At 1 the photos move by {haze['moved']:.2f} CIEDE2000 on average as they are.", ""]
    lines += ["| transmission of the haze added, top to bottom | taken back |", "|---|---|"]
    lines += [f"| {name} | {share:.0%} |" for name, share in haze.items() if name != "moved"]
    lines += ["", "## Previews", "", "Mean CIEDE2000 between a preview at a quarter and the full render.", ""]
    lines += ["| op | apart |", "|---|---|", *(f"| {id} | {value:.2f} |" for id, value in facts["previews"].items())]
    lines += ["", "## Time", "", "Processor seconds at 12 megapixels, one thread.", ""]
    lines += ["| op | ours | OpenCV's nearest |", "|---|---|---|"]
    for id, r in facts["times"].items():
        other = f"{r['opencv']:.2f} ({r['opencv_name']})" if "opencv" in r else "-"
        lines.append(f"| {id} | {r['ours']:.2f} | {other} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, required=True)
    files = sorted(parser.parse_args().photos.glob("*.jpg"))
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    keep_freed_memory()
    photos = []
    for file in files[:: max(1, len(files) // 20)][:20]:
        picture = Image.open(file).convert("RGB")
        picture.thumbnail((768, 768))
        photos.append(np.asarray(picture).copy())
    facts = {
        "photos": len(photos),
        "noise": noise(photos),
        "sharpening": sharpening(photos),
        "dehaze": dehaze(photos),
        "previews": previews(photos),
        "times": times(photos[0]),
    }
    (PAGE / "detail.json").write_text(json.dumps(facts, indent=1) + "\n")
    (PAGE / "detail.md").write_text(page(facts))


if __name__ == "__main__":
    main()
