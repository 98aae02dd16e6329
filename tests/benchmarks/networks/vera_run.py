"""One process of the benchmark: load vera-0.5b by name, retouch the photo in three modes if wished,
tell what it took in JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import torch
from full_vera import ANSWER

from veraretouch import Photo, Request, zoo
from veraretouch.core.photo import open_photo
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.vera.picture import picture_of
from veraretouch.planners.vera.writing.sampling import Forced


def main(path: str, what: str) -> None:
    began = time.perf_counter()
    retoucher = zoo.load("vera-0.5b", accept_licence=True)
    told: dict[str, object] = {"load": time.perf_counter() - began}
    if what == "retouch":
        told |= retouches(retoucher, open_photo(Path(path)))
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    print(json.dumps(told | {"peak": peak * 1024 / 1e9}))


def retouches(retoucher: Retoucher, photo: Photo) -> dict[str, object]:
    """Seconds of each mode and of the stages of one."""
    planner = retoucher.planner
    ids = planner.tokenizer.ids(ANSWER)
    planner.sampler = lambda request: Forced(ids)
    modes = {"auto": {}, "style": {"style": "dreamy bright pink"}, "param": {"params": {"Exposure2012": {"value": 30}}}}
    retoucher(photo, params={"Exposure2012": {"value": 1}})  # warms up
    seconds = {}
    for mode, keywords in modes.items():
        began = time.perf_counter()
        retoucher(photo, **keywords)
        seconds[mode] = time.perf_counter() - began
    return {"modes": seconds, "tokens": len(ids), "stages": stages(planner, photo, ids)}


def stages(planner: object, photo: Photo, ids: list[int]) -> dict[str, float]:
    """Seconds of the tower, the prompt and the answer."""
    began = time.perf_counter()
    picture = picture_of(photo).unsqueeze(0)
    shown = time.perf_counter()
    with torch.inference_mode():
        planner.model.see(picture)
    seen = time.perf_counter()
    # The first word comes after tower and prompt.
    heard: list[float] = []
    planner.plan([photo], [Request.of()], on_text=lambda row, text: heard.append(time.perf_counter()))
    done = time.perf_counter()
    return {
        "preparing the picture": shown - began,
        "tower and projector": seen - shown,
        "prompt": heard[0] - seen - (seen - began),
        f"answer ({len(ids)} tokens)": done - heard[0],
        "seconds a token": (done - heard[0]) / (len(ids) - 1),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
