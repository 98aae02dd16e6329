"""The main job on the sample photos: all three modes, results, plans and a contact sheet in out/.
Run by `make demo`.
"""

import sys
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import veraretouch as vr
from veraretouch import zoo

SAMPLES = Path(__file__).parent / "samples"
PROMPTS = {
    "sunset": "warm golden film",
    "portrait": "dreamy bright pink",
    "beach": "brighter and cooler, keep skin natural",
    "lake": "crisp and vivid, deeper blue",
    "stream": "moody teal and orange film, less green",
    "barn": "faded vintage",
    "desert": "soft pastel",
    "night": "moody cool blue, more contrast",
}
PARAMS = {"exposure.ev": 0.3, "tone_regions.shadows": 0.25, "white_balance.temperature": 0.1, "vibrance.amount": 0.3}

CELL, GAP, TITLE, CAPTION = 240, 8, 28, 20  # pixels
INK, PAPER = "#303030", "white"
QUALITY = 82  # of the contact sheet


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    retoucher = zoo.load("tiny")  # it has seen none of these photos in training
    rows = []
    for name, prompt in PROMPTS.items():
        photo = SAMPLES / f"{name}.jpg"
        results = {
            "auto": retoucher(photo),
            "style": retoucher(photo, style=prompt),
            "param": retoucher(photo, params=PARAMS),
        }
        print(f"\n{name}.jpg")
        for mode, result in results.items():
            result.save(out / f"{name}-{mode}.jpg")
            result.plan.save(out / f"{name}-{mode}.plan.json")
            tell(mode, result)
        rows.append(([Image.open(photo), *(result.image.pil() for result in results.values())], prompt))
    sheet = contact_sheet(rows)
    sheet.save(out / "contact-sheet.jpg", quality=QUALITY, optimize=True)
    print(f"\n{len(rows) * 3} pictures, their plans and contact-sheet.jpg are in {out}/")


def tell(mode: str, result: vr.Result) -> None:
    """Print why, group by group."""
    asked = f': "{result.plan.prompt}"' if result.plan.prompt else ""
    print(f"  {mode}{asked} ({result.report.timings['render']:.2f} s)")
    for group, thought in result.reasoning.items():
        said = " ".join(text for text in (thought.get("problem"), thought.get("plan")) if text)
        print(textwrap.fill(said, 110, initial_indent=f"    {group:<15} ", subsequent_indent=" " * 20))


def contact_sheet(rows: list[tuple[list[Image.Image], str]]) -> Image.Image:
    """Before, auto, style, param: a row a photo, the prompt under its picture."""
    cells = [[fitted(picture) for picture in pictures] for pictures, _ in rows]
    heights = [max(cell.height for cell in row) for row in cells]
    width = 4 * CELL + 5 * GAP
    sheet = Image.new("RGB", (width, TITLE + sum(heights) + len(rows) * (CAPTION + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(17), ImageFont.load_default(12)
    lefts = [GAP + column * (CELL + GAP) for column in range(4)]
    for left, title in zip(lefts, ("before", "auto", "style", "param"), strict=True):
        draw.text((left, GAP / 2), title, INK, large)
    top = TITLE
    for row, height, (_, prompt) in zip(cells, heights, rows, strict=True):
        for left, cell in zip(lefts, row, strict=True):
            sheet.paste(cell, (left + (CELL - cell.width) // 2, top))
        draw.text((lefts[2], top + height + 2), f"“{prompt}”", INK, small)
        top += height + CAPTION + GAP
    return sheet


def fitted(picture: Image.Image) -> Image.Image:
    """The picture within a cell of 4:3."""
    copy = picture.convert("RGB")
    copy.thumbnail((CELL, CELL * 3 // 4), Image.Resampling.LANCZOS)
    return copy


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
