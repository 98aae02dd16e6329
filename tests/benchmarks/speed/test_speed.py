"""Rendering speed and what it costs in accuracy: ratios to peers in one run;
docs/benchmarks/speed.md is the report of record.
"""

from __future__ import annotations

import copy
import io
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import imagecodecs
import numpy as np
import PyOpenColorIO as ocio
import pytest
import simplejpeg
import tifffile
import torch
from distilled import LOOKS, distilled
from lazily import Lazy
from PIL import Image, ImageFilter
from scenes import FIVE, Picture, interleaved, mosaic, ramps, random_edit, samples, some_ops, ten_ops, wheel
from speed_report import Figures

from veraretouch import Photo, Renderer, zoo
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.lut import ColorMap, Cube
from veraretouch.core.threads import one_thread
from veraretouch.ops.neural import Neural

PLANS = 100
kornia = Lazy("kornia.enhance")
VERARETOUCH = Path(sys.executable).with_name("veraretouch")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def cube() -> Cube:
    return Cube.of(ten_map(), 33)


def ten_map() -> ColorMap:
    return Renderer().color_map(ten_ops(), clamp=False)


def apart(a: Picture, b: Picture) -> float:
    """The 99th percentile of CIEDE2000 over every pixel."""
    one, two = (torch.from_numpy(picture / 255.0) for picture in (a, b))
    return float(np.percentile(ciede2000(one, two).numpy(), 99))


def test_a_table_is_applied_as_fast_as_opencolorio_allows(figures: Figures, photo: Picture, cube: Cube) -> None:
    image = Image.fromarray(photo)
    pillow = ImageFilter.Color3DLUT(33, cube.values.clip(0, 1).transpose(2, 1, 0, 3).ravel().tolist())
    halves = [image.crop((0, top, photo.shape[1], top + photo.shape[0] // 2)) for top in (0, photo.shape[0] // 2)]
    transform = ocio.Lut3DTransform(33)
    transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    transform.setData(cube.values.ravel())
    depth = ocio.BIT_DEPTH_UINT8
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    bare = processor.getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads)
    tall = -(-photo.shape[0] // (2 * threads))

    def strip(pixels: Picture) -> object:
        return ocio.PackedImageDesc(pixels, pixels.shape[1], pixels.shape[0], 3, depth, 1, 3, 3 * pixels.shape[1])

    def opencolorio() -> None:
        done = np.empty(photo.shape, photo.dtype)
        parts = [slice(top, top + tall) for top in range(0, len(photo), tall)]
        list(pool.map(lambda rows: bare.apply(strip(photo[rows]), strip(done[rows])), parts))

    seconds = interleaved(
        {
            "ours": lambda: cube.apply(photo),
            "OpenColorIO bare": opencolorio,
            "Pillow Color3DLUT": lambda: image.filter(pillow),
            "Pillow in two threads": lambda: list(pool.map(lambda half: half.filter(pillow), halves)),
        }
    )
    figures.times("A ready table of 33 points on 12 MP, 8 bit", seconds)
    ours = seconds["ours"]
    figures.bar("apply: times as fast as Pillow's Color3DLUT", seconds["Pillow Color3DLUT"] / ours, at_least=5)
    figures.bar("apply: the same at equal threads", seconds["Pillow in two threads"] / ours, at_least=2.5)
    figures.bar("apply: time beside OpenColorIO called bare", ours / seconds["OpenColorIO bare"], at_most=1.1)
    figures.judge("apply")


def test_from_pil_image_to_pil_image_baking_included(figures: Figures, photo: Picture) -> None:
    """By plans of five ops and of ten, beside Pillow with a table that is ready."""
    image, renderer, five, ten = Image.fromarray(photo), Renderer(), some_ops(FIVE), ten_ops()
    pillow = ImageFilter.Color3DLUT(33, Cube.of(ten_map(), 33).values.clip(0, 1).transpose(2, 1, 0, 3).ravel().tolist())

    contestants = {
        "five ops": lambda: renderer.render(image, five),
        "ten ops": lambda: renderer.render(image, ten),
        "Pillow Color3DLUT": lambda: image.filter(pillow),
    }
    seconds = interleaved(contestants, rounds=9)
    figures.times("12 MP from PIL image to PIL image, baking included", seconds)
    with one_thread():
        used = interleaved(contestants, rounds=9, clock=time.process_time)
    figures.times("The same by one thread: processor time", used)
    beside = seconds["Pillow Color3DLUT"] / seconds["five ops"]
    figures.bar("PIL to PIL: times as fast as Pillow's Color3DLUT", beside, at_least=3)
    figures.judge("PIL to PIL")


def test_tables_are_baked_quickly(figures: Figures) -> None:
    color_map, fused = ten_map(), Renderer(fused=True).color_map(ten_ops(), clamp=False)
    seconds = interleaved(
        {f"{n} points": lambda n=n: Cube.of(color_map, n) for n in (33, 49, 65)}
        | {f"{n} points, compiled": lambda n=n: Cube.of(fused, n) for n in (33, 65)},
        rounds=9,
    )
    figures.times("Baking ten ops", seconds)
    for n, limit in ((65, 120), (33, 25)):
        figures.bar(f"bake: {n} points, ms", 1000 * seconds[f"{n} points"], at_most=limit)
        figures.bar(f"bake compiled: {n} points, ms", 1000 * seconds[f"{n} points, compiled"], at_most=limit)
    figures.judge("bake")


def test_the_tolerance_holds_on_every_pixel(figures: Figures) -> None:
    renderer, photos = Renderer(), list(samples().items())
    synthetic = {"ramps": ramps(), "wheel": wheel()}
    rows = []
    for seed in range(PLANS):
        strength, latents = random_edit(seed)
        name, picture = photos[seed % len(photos)]
        for what, pixels in ({name: picture} | synthetic).items():
            done, report = renderer.render_reported(pixels, latents, engine="lut")
            exact = renderer.render(pixels, latents, engine="exact") if report.engine == "lut" else done
            kind = what if what in synthetic else "photos"
            rows.append((strength, kind, report.engine, report.lattice, apart(done, exact)))
    figures.accuracy(rows)
    figures.bar("accuracy: worst p99 CIEDE2000 of all pictures", max(row[4] for row in rows), at_most=1.0)
    figures.bar("accuracy: share of pictures by table", np.mean([row[2] == "lut" for row in rows]), at_least=0.9)
    figures.judge("accuracy")


def test_errors_fall_with_the_lattice(figures: Figures) -> None:
    color_map, picture = ten_map(), samples()["stream"]
    exact = np.rint(color_map((picture / 255).astype(np.float32)).clip(0, 1) * 255).astype(np.uint8)
    figures.lattices({n: apart(Cube.of(color_map, n).apply(picture), exact) for n in (9, 17, 25, 33, 49, 65, 97)})


def test_a_network_of_pixels_is_baked(figures: Figures, photo: Picture) -> None:
    op, looks = distilled()
    renderer, latents = Renderer([op]), looks[LOOKS[0]]
    done, report = renderer.render_reported(photo, latents, engine="lut")
    seconds = interleaved({"table": lambda: renderer.render(photo, latents, engine="lut")}, rounds=3)
    began = time.perf_counter()  # once: it takes minutes
    exact = renderer.render(photo, latents, engine="exact")
    seconds["pixel by pixel"] = time.perf_counter() - began
    figures.times(
        f"The published renderer's network on 12 MP (table of {report.lattice} points, baking included)", seconds
    )
    figures.bar("network: times as fast as pixel by pixel", seconds["pixel by pixel"] / seconds["table"], at_least=100)
    figures.bar("network: p99 CIEDE2000", apart(done[::2, ::2], exact[::2, ::2]), at_most=1.0)
    figures.judge("network")


def test_looks_of_the_network_keep_to_the_tolerance(figures: Figures, photo: Picture) -> None:
    op, looks = distilled()
    renderer = Renderer([op])
    half = Renderer([Neural(copy.deepcopy(op.network).to(torch.bfloat16))])
    seconds = interleaved(
        {look: lambda latents=latents: renderer.render(photo, latents) for look, latents in looks.items()}, rounds=3
    )
    figures.times("Rendering 12 MP by the network, distilled to three looks", seconds)
    figures.bar("looks: 12 MP by the slowest look, s", max(seconds.values()), at_most=2.0)
    for look, latents in looks.items():
        moved, errors, halves = [], [], []
        for picture in samples().values():
            exact, table = (renderer.render(picture, latents, engine=engine) for engine in ("exact", "lut"))
            # Rounding is each pixel's own affair, and slow in bfloat16: one of 36.
            rounded = half.render(np.ascontiguousarray(picture[::6, ::6]), latents, engine="exact")
            before, one, two, three = (torch.from_numpy(p / 255.0) for p in (picture, exact, table, rounded))
            moved.append(float(ciede2000(before, one).mean()))
            errors.append(float(np.percentile(ciede2000(one, two).numpy(), 99)))
            halves.append(ciede2000(one[::6, ::6], three).numpy().ravel())
        figures.bar(f"looks: {look}, mean CIEDE2000 from the photo, least of 8", min(moved), at_least=5.0)
        figures.bar(f"looks: {look}, p99 CIEDE2000 of the table, worst of 8", max(errors), at_most=1.0)
        figures.table(
            f"{look}: CIEDE2000 of the network in bfloat16 from float32",
            {
                "mean": float(np.mean(np.concatenate(halves))),
                "p99": float(np.percentile(np.concatenate(halves), 99)),
            },
        )
    figures.judge("looks")


def five_of_kornia(rgb: torch.Tensor) -> torch.Tensor:
    rgb = kornia.adjust_brightness(rgb, 0.05)
    rgb = kornia.adjust_contrast(rgb, 1.1)
    rgb = kornia.adjust_gamma(rgb, 0.9)
    return kornia.adjust_hue(kornia.adjust_saturation(rgb, 1.2), 0.05)


def test_the_ops_themselves_keep_up_with_kornia(figures: Figures, photo: Picture) -> None:
    renderer, fused, latents = Renderer(), Renderer(fused=True), ten_ops()
    rgb = torch.from_numpy(photo).permute(2, 0, 1).unsqueeze(0).float().div(255).contiguous()
    with torch.no_grad():
        seconds = interleaved(
            {
                "ten ops": lambda: renderer(rgb, latents),
                "ten ops compiled": lambda: fused(rgb, latents),
                "kornia's five": lambda: five_of_kornia(rgb),
            }
        )
    figures.times("The exact engine on 12 MP, float32", seconds)
    compiled = seconds["ten ops compiled"] / seconds["kornia's five"]
    figures.bar("exact compiled: ten ops beside kornia's five", compiled, at_most=1.8 / 3.2)
    figures.bar("exact: ten ops beside kornia's five", seconds["ten ops"] / seconds["kornia's five"], at_most=1.0)
    batch = torch.rand(4, 3, 512, 512, requires_grad=True)
    seconds = interleaved(
        {
            "ten ops": lambda: renderer(batch, latents, clamp=False).mean().backward(),
            "ten ops compiled": lambda: fused(batch, latents, clamp=False).mean().backward(),
            "kornia's five": lambda: five_of_kornia(batch).mean().backward(),
        },
    )
    figures.times("Forward and backward, 4x3x512x512", seconds)
    compiled = seconds["ten ops compiled"] / seconds["kornia's five"]
    figures.bar("gradients compiled: ten ops beside kornia's five", compiled, at_most=1.5)
    figures.judge("exact", "exact compiled", "gradients compiled")


def test_the_ops_themselves_take_little_memory(figures: Figures) -> None:
    script = (
        "import re, torch; from scenes import ten_ops; from veraretouch import Renderer\n"
        "def peak(): return 1024 * int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        "renderer, latents = Renderer(), ten_ops()\n"
        "renderer(torch.rand(1, 3, 600, 600), latents)\n"
        "before, rgb = peak(), torch.rand(1, 3, 3000, 4000)\n"
        "renderer(rgb, latents)\n"
        "print((peak() - before) / (4 * rgb.numel()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent, check=True, capture_output=True, text=True
    ).stdout
    figures.bar("exact memory: peak beside the float photo, input included", float(said), at_most=4.0)
    figures.judge("exact memory")


def test_a_file_takes_little_longer_than_decoding_and_encoding_it(
    figures: Figures, photo: Picture, tmp_path: Path
) -> None:
    source, target = tmp_path / "photo.jpg", tmp_path / "done.jpg"
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=92, subsampling=0)
    source.write_bytes(file.getvalue())
    retoucher = zoo.load("rules")

    def bare() -> None:
        target.write_bytes(simplejpeg.encode_jpeg(simplejpeg.decode_jpeg(source.read_bytes()), 92))

    seconds = interleaved({"rules": lambda: retoucher(source).save(target), "decode and encode": bare})
    figures.times(f"JPEG to JPEG, 12 MP, {source.stat().st_size / 1e6:.1f} MB", seconds)
    figures.bar("file: beside decoding and encoding", seconds["rules"] / seconds["decode and encode"], at_most=3.0)
    figures.judge("file")


def test_codecs_and_thumbnails_are_compared(figures: Figures, photo: Picture) -> None:
    data, image = simplejpeg.encode_jpeg(photo, 92), Image.fromarray(photo)
    decoders = {
        "simplejpeg": lambda: simplejpeg.decode_jpeg(data),
        "imagecodecs": lambda: imagecodecs.jpeg8_decode(data),
        "Pillow": lambda: np.asarray(Image.open(io.BytesIO(data))),
    }
    encoders = {
        "simplejpeg": lambda: simplejpeg.encode_jpeg(photo, 92),
        "imagecodecs": lambda: imagecodecs.jpeg8_encode(photo, level=92, subsampling="444"),
        "Pillow": lambda: image.save(io.BytesIO(), "JPEG", quality=92, subsampling=0),
    }
    if find_spec("pyvips"):  # pip install 'pyvips[binary]'
        import pyvips

        decoders["pyvips"] = lambda: pyvips.Image.new_from_buffer(data, "").numpy()
        encoders["pyvips"] = lambda: pyvips.Image.new_from_array(photo).jpegsave_buffer(Q=92)
    figures.times("Decoding a JPEG of 12 MP", interleaved(decoders))
    figures.times("Encoding it", interleaved(encoders))
    held = Photo(photo)
    thumbnails = {
        "of the decoded photo, side by side": lambda: held.resized(512),
        "by decoding again at a smaller scale": lambda: simplejpeg.decode_jpeg(data, min_width=512, min_height=384),
    }
    figures.times("A thumbnail of 512 pixels for the planner", interleaved(thumbnails))


def test_large_photos_take_little_memory_and_time_in_proportion(figures: Figures, tmp_path: Path) -> None:
    costs = {}
    for height, width in ((3000, 4000), (6000, 8000), (10_000, 15_000)):
        path = tmp_path / "large.tif"
        tifffile.imwrite(path, mosaic(height, width), photometric="rgb")
        command = [VERARETOUCH, "auto", path, "--out", tmp_path / "done.tif", "--overwrite", "--timings"]
        script = (
            "import resource, subprocess, sys\n"
            "done = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.stdout)"
        )
        said = subprocess.run(
            [sys.executable, "-c", script, *map(str, command)], check=True, capture_output=True, text=True
        ).stdout
        stages = {name: float(value) for name, value in re.findall(r"(\w+) ([\d.]+) s\b", said)}
        costs[height * width / 1e6] = (int(said.split()[0]) * 1024 / (3 * height * width), stages)
    figures.sizes(costs)
    figures.bar("150 MP: peak memory beside the decoded photo", costs[150.0][0], at_most=2.5)
    small, middle, large = ((size, sum(stages.values())) for size, (_, stages) in sorted(costs.items()))
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in ((small, middle), (middle, large))]
    figures.bar("150 MP: each further pixel beside one from 12 to 48 MP", slopes[1] / slopes[0], at_most=1.3)
    figures.judge("150 MP")
