"""Renders the Noto Color Emoji font to pictures with names, the data that `mini` learns from.

Needs Pillow with raqm (for joined sequences) and two Debian packages:
`fonts-noto-color-emoji` (SIL OFL 1.1) and `unicode-data` (Unicode's emoji-test.txt).

    python3 render_emoji.py --out build/emoji.npz

Writes pictures uint8 [N, 128, 128, 4] (RGBA, straight alpha) and, for each, its name (as a prompt and
as Unicode spells it), group and subgroup. Skin tones, flags, keycaps, boxed letters and CJK buttons are left out: their names do not
say what the picture shows, or they differ by less than one pixel of pixel art.
"""

import argparse
import os
import re
import unicodedata

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
NAMES = "/usr/share/unicode/emoji/emoji-test.txt"
STRIKE = 109  # the only size of the font's bitmaps, pixels
SIZE = 128


def normalise(name: str) -> str:
    """Spells a CLDR name as a prompt: lower case, straight apostrophes, words and blanks only."""
    name = unicodedata.normalize("NFC", name.lower()).replace("’", "'").replace("&", "and")
    return re.sub(r"\s+", " ", re.sub(r"[^\w' ]", " ", name)).strip()


def entries():
    group = subgroup = ""
    for line in open(NAMES, encoding="utf8"):
        if line.startswith("# group:"):
            group = line[8:].strip()
        elif line.startswith("# subgroup:"):
            subgroup = line[11:].strip()
        match = re.match(r"^([0-9A-F ]+?)\s*; fully-qualified\s*# (\S+) E[\d.]+ (.+)$", line)
        if not match:
            continue
        codes = [int(code, 16) for code in match[1].split()]
        if any(0x1F3FB <= code <= 0x1F3FF for code in codes):
            continue  # skin tones
        name = match[3].strip()
        if group == "Flags" or subgroup in ("family", "keycap", "alphanum"):
            continue
        if "button" in name or "“" in name:
            continue
        yield "".join(map(chr, codes)), name.lower(), group, subgroup


def render(text: str, font: ImageFont.FreeTypeFont):
    """Draws one emoji, cropped to its ink and centred in a square. None if the font lacks it."""
    canvas = Image.new("RGBA", (160, 160))
    draw = ImageDraw.Draw(canvas)
    left, top, right, _ = draw.textbbox((0, 0), text, font=font)
    if right - left > 150:
        return None  # an unknown sequence falls apart into several glyphs
    draw.text((2 - left, 2 - top), text, font=font, embedded_color=True)
    box = canvas.getbbox()
    if box is None:
        return None
    ink = canvas.crop(box)
    side = max(ink.size)
    square = Image.new("RGBA", (side, side))
    square.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    # Premultiplied while resizing, so that transparent pixels do not bleed their colour.
    return square.convert("RGBa").resize((SIZE, SIZE), Image.LANCZOS).convert("RGBA")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="build/emoji.npz")
    args = parser.parse_args()
    if not features.check("raqm"):
        raise SystemExit("Cannot render emoji: Pillow has no raqm; install libraqm0 and python3-pil")
    font = ImageFont.truetype(FONT, STRIKE)
    pictures, rows, seen = [], [], set()
    for text, spelled, group, subgroup in entries():
        picture = render(text, font)
        name = normalise(spelled)
        if picture is None or name in seen:
            continue
        seen.add(name)
        pictures.append(np.asarray(picture))
        rows.append((name, spelled, group, subgroup))
    names, spellings, groups, subgroups = zip(*rows)
    os.makedirs(os.path.dirname(args.out) or ".", exist_ok=True)
    np.savez_compressed(
        args.out,
        pictures=np.stack(pictures),
        names=np.array(names),
        spellings=np.array(spellings),
        groups=np.array(groups),
        subgroups=np.array(subgroups),
    )
    print(f"{len(rows)} emoji in {args.out}")


if __name__ == "__main__":
    main()
