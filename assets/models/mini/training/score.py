"""Scores the teacher: which of its samples, drawn at 32x32 in 16 colours, the judge recognises.

    python3 score.py --emoji build/emoji.npz --folder .. --judge build/judge.safetensors

Draws names of at most two words, 8 DDIM steps, guidance 5, each pixel to its nearest colour.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from captions import grammar_words
from export import load
from judge import SIDE, load_judge
from sample import ddim
from scenes import LENGTH
from tokenizer import Tokenizer

# sweetie-16 by GrafxKid, https://lospec.com/palette-list/sweetie-16
PALETTE = """1a1c2c 5d275d b13e53 ef7d57 ffcd75 a7f070 38b764 257179
29366f 3b5dc9 41a6f6 73eff7 f4f4f4 94b0c2 566c86 333c57"""
GROUPS = ("Animals & Nature", "Food & Drink", "Objects", "Activities", "Travel & Places", "Smileys & Emotion")


def nearest_colours(pictures, side: int):
    """Draws pictures [B, 3, S, S] at side x side, each pixel in its nearest colour."""
    palette = torch.tensor([list(bytes.fromhex(c)) for c in PALETTE.split()], device=pictures.device) / 255
    small = F.interpolate(pictures, (side, side), mode="area")
    pixels = small.permute(0, 2, 3, 1)
    index = (pixels[..., None, :] - palette).abs().sum(-1).argmin(-1)
    return palette[index].permute(0, 3, 1, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emoji", default="build/emoji.npz")
    parser.add_argument("--folder", default="..")
    parser.add_argument("--judge", default="build/judge.safetensors")
    parser.add_argument("--count", type=int, default=384)
    args = parser.parse_args()
    with np.load(args.emoji) as file:
        emoji = {key: file[key] for key in ("names", "spellings", "groups")}
    tokenizer = Tokenizer([*emoji["names"], *emoji["spellings"], *grammar_words()], LENGTH)
    teacher, vae, _ = load(args.folder, tokenizer)
    judge, names = load_judge(args.judge)
    fits = [str(n) for n, g in zip(emoji["names"], emoji["groups"]) if g in GROUPS and len(n.split()) <= 2]
    asked = np.random.default_rng(0).choice(fits, args.count, replace=False).tolist()
    right, probability, wrong = 0, 0.0, []
    for i in range(0, len(asked), 64):
        part = asked[i : i + 64]
        with torch.no_grad():
            art = nearest_colours(ddim(teacher, vae, tokenizer, part, 8, 5.0, seed=i), 32)
            scores = judge(F.interpolate(art, (SIDE, SIDE), mode="nearest")).softmax(1)
        for name, row in zip(part, scores):
            best = names[row.argmax()]
            right += best == name
            probability += row[names.index(name)].item()
            if best != name:
                wrong.append(f"{name} -> {best}")
    print(f"score: top-1 {right / len(asked):.3f}, p {probability / len(asked):.3f} of {len(asked)} names")
    print("wrong:", "; ".join(wrong[:60]))


if __name__ == "__main__":
    main()
