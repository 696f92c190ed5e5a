"""Reads folders of named pictures and lays them out on canvases of 128x128 pixels.

A folder of pictures has a file `captions.jsonl`, a line for each picture, e.g.

    {"file": "sword.png", "caption": "iron sword", "class": "weapon", "style": "pixel art"}

or a text file beside each picture (`sword.txt` beside `sword.png`). Only file and caption are
needed.
A tar file (also gzipped) of such a folder does as well; its name, or the folder's, is the source.

Pixel art is enlarged by the largest integer that fits, at an offset that is a multiple of 4:
one latent cell lies inside one sprite pixel where that number is a multiple of 4.
"""

import io
import json
import os
import tarfile
from concurrent.futures import ProcessPoolExecutor
from glob import glob

import numpy as np
from PIL import Image

from networks import FACTOR, SIZE

TILE, PIXEL, OPAQUE = 1, 2, 4  # bits of what a picture is


def canvas_of(data: bytes, pixel: bool):
    """Returns (RGBA uint8 [128, 128, 4], enlargement, ink's box: left, top, right, bottom)."""
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    if pixel and max(image.size) <= SIZE:
        scale = SIZE // max(image.size)
        image = image.resize((image.width * scale, image.height * scale), Image.NEAREST)
    else:
        scale = 0
        side = SIZE / max(image.size)
        size = tuple(max(1, round(x * side)) for x in image.size)
        image = image.convert("RGBa").resize(size, Image.BICUBIC).convert("RGBA")
    canvas = Image.new("RGBA", (SIZE, SIZE))
    step = FACTOR if pixel else 1
    canvas.paste(image, tuple((SIZE - x) // 2 // step * step for x in image.size))
    pixels = np.array(canvas)
    pixels[pixels[..., 3] == 0] = 0
    return pixels, scale, canvas.getbbox() or (0, 0, SIZE, SIZE)


def open_source(path: str):
    """Yields (row of captions.jsonl, bytes of the picture)."""
    if tarfile.is_tarfile(path) if os.path.isfile(path) else False:
        with tarfile.open(path) as file:
            names = {os.path.basename(member.name): member for member in file.getmembers()}
            for line in file.extractfile(names["captions.jsonl"]).read().decode().splitlines():
                row = json.loads(line)
                yield row, file.extractfile(names[os.path.basename(row["file"])]).read()
        return
    listed = f"{path}/captions.jsonl"
    if os.path.exists(listed):
        rows = [json.loads(line) for line in open(listed, encoding="utf8")]
    else:
        rows = [
            {"file": os.path.relpath(text[:-4] + end, path), "caption": open(text, encoding="utf8").read().strip()}
            for text in sorted(glob(f"{path}/**/*.txt", recursive=True))
            for end in (".png", ".webp", ".gif", ".jpg")
            if os.path.exists(text[:-4] + end)
        ]
    for row in rows:
        with open(f"{path}/{row['file']}", "rb") as file:
            yield row, file.read()


def read_one(job):
    row, data, source = job
    size = Image.open(io.BytesIO(data)).size
    style = row.get("style") or ("pixel art" if max(size) <= 64 else "")
    pixel = style.endswith("pixel art")
    pixels, scale, box = canvas_of(data, pixel)
    alpha = pixels[..., 3]
    kind = (TILE if row.get("tile") else 0) | (PIXEL if pixel else 0) | (OPAQUE if alpha.min() > 250 else 0)
    return pixels, {**row, "style": style, "source": source, "kind": kind, "scale": scale, "box": box}


class Library:
    """All pictures: `pixels` uint8 [N, 128, 128, 4] (straight alpha) and `rows`, a dictionary
    each."""

    def __init__(self, pixels, rows):
        self.pixels, self.rows = pixels, rows

    @staticmethod
    def read(paths, cores: int | None = None):
        sources = []
        for path in paths:
            inside = sorted(glob(f"{path}/*.tar*")) if os.path.isdir(path) else []
            sources += inside or [path]
        jobs = []
        for path in sources:
            name = os.path.basename(os.path.normpath(path)).split(".")[0]
            jobs += [(row, data, name) for row, data in open_source(path) if row["caption"].strip()]
        pixels, rows = np.zeros((len(jobs), SIZE, SIZE, 4), np.uint8), []
        with ProcessPoolExecutor(cores) as pool:
            for i, (picture, row) in enumerate(pool.map(read_one, jobs, chunksize=64)):
                pixels[i] = picture
                rows.append(row)
        return Library(pixels, rows)

    def save(self, folder: str):
        os.makedirs(folder, exist_ok=True)
        np.save(f"{folder}/pixels.npy", self.pixels)
        with open(f"{folder}/rows.json", "w", encoding="utf8") as file:
            json.dump(self.rows, file)

    @staticmethod
    def load(folder: str):
        with open(f"{folder}/rows.json", encoding="utf8") as file:
            return Library(np.load(f"{folder}/pixels.npy", mmap_mode="r"), json.load(file))
