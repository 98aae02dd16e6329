"""What may be handed over as a photo, and how everything else is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from veraretouch.core.errors import InvalidPhoto, UnreadablePhoto
from veraretouch.core.photo import as_photo
from veraretouch.core.photo.formats.pillow_image import array_of


def test_paths_texts_images_arrays_and_photos_all_become_the_same_photo(tmp_path, picture):
    path = tmp_path / "a.png"
    Image.fromarray(picture()).save(path)
    whole = as_photo(picture())
    for source in (path, str(path), Image.fromarray(picture()), whole):
        assert as_photo(source).hash == whole.hash
    assert as_photo(whole) is whole


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_in_the_unit_range_become_float32(picture, dtype):
    photo = as_photo(picture(dtype=np.float32).astype(dtype))
    assert photo.pixels.dtype == np.float32
    assert np.abs(photo.working() - picture(dtype=np.float32)).max() < (1e-3 if dtype == np.float16 else 1e-7)


def test_grey_alpha_and_strides_are_taken_as_they_stand(picture):
    pixels = np.dstack((picture(), picture()[..., :1]))
    photo = as_photo(pixels)
    assert np.array_equal(photo.alpha, pixels[..., 3])
    assert np.array_equal(photo.array(), pixels)
    for grey in (picture()[..., 0], picture()[..., :1]):
        assert as_photo(grey).grey
        assert np.array_equal(as_photo(grey).pixels[..., 2], picture()[..., 0])
    mirrored = as_photo(picture()[:, ::-1])
    assert mirrored.pixels.flags.c_contiguous
    assert np.array_equal(mirrored.pixels, picture()[:, ::-1])


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 3), bool), "array of bool; a photo's is uint8, uint16, or floats"),
        (np.zeros((4, 4, 3), complex), "array of complex128"),
        (np.zeros((4, 4, 3), np.int64), r"array of int64.*array\.astype"),
        (np.zeros((4, 4, 3), object), "array of object"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\) is empty"),
        (np.zeros((4, 0), np.uint8), r"shape \(4, 0\) is empty"),
        (np.zeros(4, np.uint8), r"shape \(4,\); a photo's is \(H, W\)"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((4, 4, 5), np.uint8), r"shape \(4, 4, 5\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"shape \(2, 4, 4, 3\).*one photo at a time"),
        (np.zeros((3, 4, 5), np.uint8), r"shape \(3, 4, 5\).*transpose\(1, 2, 0\)"),
        (np.full((4, 4, 3), np.nan), "NaN or infinite"),
        (np.full((4, 4, 3), np.inf), "NaN or infinite"),
        (np.full((4, 4, 3), 200.0), r"from 200 to 200; .*Divide by 255"),
        (np.full((4, 4, 3), -0.1), r"from -0\.1 to -0\.1"),
        ([[1, 2], [3, 4]], "builtins.list is no photo"),
        (None, "NoneType is no photo"),
        (7, "builtins.int is no photo"),
    ],
)
def test_what_is_no_photo_is_refused_with_value_rule_and_cure(array, words):
    with pytest.raises(InvalidPhoto, match=words):
        as_photo(array)


def test_a_damaged_or_odd_pil_image_is_refused(tmp_path, picture):
    path = tmp_path / "a.jpg"
    Image.fromarray(picture(300, 300)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with Image.open(path) as image, pytest.raises(InvalidPhoto, match="cannot be decoded"):
        as_photo(image)
    with pytest.raises(InvalidPhoto, match=r"mode 'HSV' .*image\.convert"):
        as_photo(Image.new("HSV", (4, 4)))
    with pytest.raises(InvalidPhoto, match="empty"):
        as_photo(Image.new("RGB", (0, 4)))


def test_a_path_that_leads_nowhere_is_refused_as_a_file():
    with pytest.raises(UnreadablePhoto, match="does not exist"):
        as_photo("no/such/photo.jpg")


def test_pil_gives_grey_and_alpha_back_and_tensor_gives_channels_first(picture):
    assert as_photo(picture()[..., 0]).pil().mode == "L"
    assert as_photo(np.dstack((picture(), picture()[..., 0]))).pil().mode == "RGBA"
    assert np.array_equal(np.array(as_photo(picture()).pil()), picture())
    tensor = as_photo(picture()).tensor()
    assert tuple(tensor.shape) == (3, 40, 60)
    assert tensor.is_contiguous()
    assert str(tensor.dtype) == "torch.float32"
    assert np.array_equal(tensor.numpy().transpose(1, 2, 0), as_photo(picture()).working())


def test_a_photo_says_what_it_is(picture):
    assert repr(as_photo(picture())) == "<Photo 60x40 uint8 from array>"


def test_too_small_a_size_is_refused(picture):
    with pytest.raises(InvalidPhoto, match="long_side is 0; it must be at least 1"):
        as_photo(picture()).resized(0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16", "I;16B", "F"])
def test_a_pil_image_of_several_strips_is_taken_as_numpy_takes_it(mode):
    colours = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    image = Image.fromarray(colours).convert("L" if mode.startswith("I") else mode)
    image = image.convert("I").convert(mode) if mode.startswith("I") else image
    taken, whole = array_of(image), np.array(image)
    assert taken.dtype == whole.dtype
    assert np.array_equal(taken, whole)
