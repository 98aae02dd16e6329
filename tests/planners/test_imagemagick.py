"""A picture goes through the real ImageMagick; what merely bears its command's name is not taken for it."""

from __future__ import annotations

import os

import numpy as np
import pytest

from veraretouch.planners import imagemagick as module

needs_imagemagick = pytest.mark.skipif(module.imagemagick() is None, reason="ImageMagick is not installed")


@needs_imagemagick
def test_a_picture_comes_back_in_its_shape_and_as_it_was_without_options():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert (module.through_imagemagick(picture, []) == picture).all()
    assert (module.through_imagemagick(picture, ["-negate"]) == 255 - picture).all()


def test_another_program_called_convert_is_not_imagemagick(tmp_path, monkeypatch):
    for name in ("magick", "convert", "convert-im6.q16"):
        script = tmp_path / name
        script.write_text("#!/bin/sh\necho Version: ImageMagick 7\n")
        os.chmod(script, 0o755)
    found = {name: str(tmp_path / name) for name in ("magick", "convert", "convert-im6.q16")}
    monkeypatch.setattr(module.shutil, "which", found.get)
    module.imagemagick.cache_clear()
    try:
        assert module.imagemagick() is None
    finally:
        module.imagemagick.cache_clear()
