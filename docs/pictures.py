"""The pictures of the README and of the site's first page: photos before and after. Run by `make docs`.

python docs/pictures.py    # writes docs/images/before-after.jpg and docs/images/pairs/
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

import veraretouch as vr

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
PLANNER: Final = "tiny"  # it has seen none of these photos in training
# Sample photo -> style prompt: the first page's five, in its order.
PROMPTS: Final = {
    "stream": "moody teal and orange film, less green",
    "portrait": "dreamy bright pink",
    "lake": "crisp and vivid, deeper blue",
    "sunset": "warm golden film",
    "barn": "faded vintage",
}
STRIP: Final = ("stream", "lake", "sunset")  # those that the README shows
HEIGHT, GAP, CAPTION = 220, 6, 26  # pixels
INK, PAPER = "#303030", "white"
QUALITY = 84


def main() -> None:
    (IMAGES / "pairs").mkdir(parents=True, exist_ok=True)
    retoucher = vr.zoo.load(PLANNER)
    pairs = {}
    for name, prompt in PROMPTS.items():
        photo = DOCS / "samples" / f"{name}.jpg"
        pair = (Image.open(photo).convert("RGB"), retoucher(photo, style=prompt).image.pil().convert("RGB"))
        pairs[name] = pair
        for side, picture in zip(("before", "after"), pair, strict=True):
            save(picture, IMAGES / "pairs" / f"{name}-{side}.jpg")
    save(strip({name: pairs[name] for name in STRIP}), IMAGES / "before-after.jpg")


def save(picture: Image.Image, path: Path) -> None:
    """Write a JPEG and say so."""
    picture.save(path, quality=QUALITY, optimize=True, progressive=True)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB")


def strip(pairs: dict[str, tuple[Image.Image, Image.Image]]) -> Image.Image:
    """A column a photo: before above, after below, and the prompt."""
    columns = [[scaled(picture) for picture in pair] for pair in pairs.values()]
    widths = [before.width for before, _ in columns]
    sheet = Image.new("RGB", (sum(widths) + GAP * (len(columns) - 1), 2 * HEIGHT + GAP + CAPTION), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    left = 0
    for name, column in zip(pairs, columns, strict=True):
        for row, picture in enumerate(column):
            sheet.paste(picture, (left, row * (HEIGHT + GAP)))
        draw.text((left, 2 * HEIGHT + GAP + 4), f"“{PROMPTS[name]}”", INK, font)
        left += column[0].width + GAP
    return sheet


def scaled(picture: Image.Image) -> Image.Image:
    """The picture at the strip's height."""
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
