"""Scores the teacher: which of its samples, drawn at 32x32 in 16 colors, the judge recognizes.

    python3 score.py --library build/library --folder .. --judge build/judge.safetensors

Draws bare names of at most two words of the pixel-art sources, and as many of emoji. The judge
chooses among all names of these sources. The real pictures, reduced likewise, are the ceiling.
"""

import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

from export import device, load, load_tokenizer
from judge import SIDE, load_judge
from pictures import OPAQUE, PIXEL, Library
from sample import ddim

# sweetie-16 by GrafxKid, https://lospec.com/palette-list/sweetie-16
PALETTE = """1a1c2c 5d275d b13e53 ef7d57 ffcd75 a7f070 38b764 257179
29366f 3b5dc9 41a6f6 73eff7 f4f4f4 94b0c2 566c86 333c57"""


def nearest_colors(pictures, side: int):
    """Draws pictures [B, 3, S, S] at side x side, each pixel in its nearest color."""
    palette = torch.tensor([list(bytes.fromhex(c)) for c in PALETTE.split()], device=pictures.device) / 255
    small = F.interpolate(pictures, (side, side), mode="area")
    pixels = small.permute(0, 2, 3, 1)
    index = (pixels[..., None, :] - palette).abs().sum(-1).argmin(-1)
    return palette[index].permute(0, 3, 1, 2)


def judged(judge, pictures, answers, texts, colors: bool, side=32):
    """Returns top-1 and top-5 shares and the mean probability of the right name."""
    small = nearest_colors(pictures, side) if colors else F.interpolate(pictures, (side, side), mode="area")
    seen = judge.pictures(F.interpolate(small, (SIDE, SIDE), mode="nearest"))
    likeness = (seen @ texts.T * judge.scale.exp()).softmax(1)
    right = likeness.gather(1, answers[:, None])
    place = (likeness > right).sum(1)
    return [(place < n).float().mean().item() for n in (1, 5)] + [right.mean().item()], place


SOURCES = {
    "pixel art": lambda r: r["kind"] & PIXEL and "parts" not in r and not r["kind"] & OPAQUE,
    "emoji": lambda r: r["source"] == "emoji" and r.get("set") in ("noto", None),
}


def real_pictures(library, kind: str, count: int):
    """Returns all names of a kind, `count` of them that are asked for, and a real picture of each
    [count, 3, 128, 128] on white."""
    rows = library.rows
    fits = [i for i, row in enumerate(rows) if SOURCES[kind](row)]
    names = sorted({rows[i]["caption"] for i in fits})
    first = {}
    for i in fits:
        first.setdefault(rows[i]["caption"], i)
    short = [name for name in names if len(name.split()) <= 2]
    asked = np.random.default_rng(0).choice(short, min(count, len(short)), replace=False).tolist()
    rgba = torch.from_numpy(np.stack([library.pixels[first[name]] for name in asked])).to(device()).float() / 255
    rgba = rgba.permute(0, 3, 1, 2)
    return names, asked, rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:]


def text_embeddings(judge, tokenizer, names):
    return torch.cat([
        judge.texts(torch.tensor([tokenizer.encode(name) for name in names[i : i + 512]], device=device()))
        for i in range(0, len(names), 512)
    ])  # fmt: skip


@torch.no_grad()
def score(library, teacher, vae, tokenizer, judge, count: int, steps: int, guidance: float):
    results = {}
    for kind in SOURCES:
        names, asked, real = real_pictures(library, kind, count)
        texts = text_embeddings(judge, tokenizer, names)
        answers = torch.tensor([names.index(name) for name in asked], device=device())
        drawn = torch.cat([
            ddim(teacher, vae, tokenizer, asked[i : i + 64], steps, guidance, seed=i) for i in range(0, len(asked), 64)
        ])  # fmt: skip
        for what, pictures in (("drawn", drawn), ("real", real)):
            for colors in (True, False):
                scores, place = judged(judge, pictures, answers, texts, colors)
                results[f"{kind}, {what}, {'16 colors' if colors else 'all colors'}"] = [round(x, 3) for x in scores]
        print(f"score: {kind}, {len(asked)} of {len(names)} names", flush=True)
    for name, values in results.items():
        print(f"score: {name}: top-1 {values[0]}, top-5 {values[1]}, p {values[2]}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="build/library")
    parser.add_argument("--folder", default="..")
    parser.add_argument("--judge", default="build/judge.safetensors")
    parser.add_argument("--count", type=int, default=384)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--out", help="a JSON file to write")
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.folder)
    teacher, vae, _ = load(args.folder, tokenizer)
    judge = load_judge(args.judge, tokenizer)
    results = score(Library.load(args.library), teacher, vae, tokenizer, judge, args.count, args.steps, args.guidance)
    if args.out:
        with open(args.out, "w", encoding="utf8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
