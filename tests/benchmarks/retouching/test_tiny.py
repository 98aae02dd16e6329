"""How long `tiny` takes, its scene included."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

import numpy as np
import pytest
import torch
from PIL import Image
from undo import PHOTOS

import veraretouch as vr
from veraretouch.core.photo import as_photo
from veraretouch.planners.tiny.planner import Tiny

pytestmark = pytest.mark.slow


def test_a_plan_takes_less_than_60_milliseconds_on_one_core() -> None:
    image = Image.open(PHOTOS / "kodak-08.jpg")
    image.thumbnail((256, 256))
    photo, planner, request = as_photo(np.asarray(image)), Tiny(), vr.Request.of()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        planner.plan([photo], [request])
        times = []
        for _ in range(30):
            began = time.perf_counter()
            planner.plan([photo], [request])
            times.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(threads)
    print(f"tiny plans in {1000 * median(times):.1f} ms")
    assert median(times) < 0.060


def test_the_weights_load_in_less_than_150_milliseconds_beyond_imports() -> None:
    script = (
        "import time, safetensors.torch, veraretouch.planners.tiny.planner as module\n"
        "began = time.perf_counter(); module.Tiny(); print(time.perf_counter() - began)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    print(f"tiny loads in {1000 * median(times):.1f} ms")
    assert median(times) < 0.150
