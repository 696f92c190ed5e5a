"""Finds names that the teacher draws badly, and how much more often training should draw them.

    python3 weak.py --library build/library --folder .. --judge build/judge.safetensors --out build/weak.json

Draws each bare name of at most two words that sprites have. A name is weak where the judge does not
find it among the five most probable names of the drawing; less so, where it is not the first.
"""

import argparse
import json

import torch
import torch.nn.functional as F

from export import device, load, load_tokenizer
from judge import SIDE, load_judge
from pictures import OPAQUE, PIXEL, Library
from sample import ddim

MISSED, SECOND = 4.0, 2.0  # how much more often such names are drawn
# Weak by eye: their word also ends other names, whose pictures differ.
ALWAYS = ("ghost", "king", "queen", "knight", "wizard", "apple")


@torch.no_grad()
def weak_names(rows, teacher, vae, tokenizer, judge, limit, batch: int, steps: int, guidance: float):
    """Returns {name: factor} and the share of names that are drawn right."""
    fits = [row for row in rows if row["kind"] & PIXEL and not row["kind"] & OPAQUE and "parts" not in row]
    names = sorted({row["caption"] for row in fits})
    texts = torch.cat([
        judge.texts(torch.tensor([tokenizer.encode(name) for name in names[i : i + 512]], device=device()))
        for i in range(0, len(names), 512)
    ])  # fmt: skip
    asked = [i for i, name in enumerate(names) if len(name.split()) <= 2][:limit]
    boost, right = {name: MISSED for name in ALWAYS}, 0
    for at in range(0, len(asked), batch):
        part = asked[at : at + batch]
        drawn = ddim(teacher, vae, tokenizer, [names[i] for i in part], steps, guidance, seed=at)
        small = F.interpolate(F.interpolate(drawn, (32, 32), mode="area"), (SIDE, SIDE), mode="nearest")
        likeness = judge.pictures(small) @ texts.T
        own = likeness.gather(1, torch.tensor(part, device=device())[:, None])
        for i, place in zip(part, (likeness > own).sum(1).tolist()):
            right += place == 0
            if place:
                boost[names[i]] = MISSED if place >= 5 else max(SECOND, boost.get(names[i], 0))
    return boost, right / len(asked)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="build/library")
    parser.add_argument("--folder", default="..")
    parser.add_argument("--judge", default="build/judge.safetensors")
    parser.add_argument("--out", default="build/weak.json")
    parser.add_argument("--limit", type=int, help="names to try")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--guidance", type=float, default=4.0)
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.folder)
    teacher, vae, _ = load(args.folder, tokenizer)
    rows, judge = Library.load(args.library).rows, load_judge(args.judge, tokenizer)
    boost, right = weak_names(rows, teacher, vae, tokenizer, judge, args.limit, args.batch, args.steps, args.guidance)
    with open(args.out, "w", encoding="utf8") as file:
        json.dump({"right": right, "boost": boost}, file, indent=1)
    print(f"weak: {right:.3f} drawn right, {len(boost)} names are drawn more often", flush=True)


if __name__ == "__main__":
    main()
