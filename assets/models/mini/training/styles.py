"""Measures how often the teacher draws in the style that the prompt asks for.

    python3 styles.py --library build/library --folder .. --out styles.json

A classifier of styles learns from the pictures themselves, as the autoencoder returns them; it
never
sees the teacher. Then the teacher draws names in every style: half of them names that the pictures
have in that style, half of them names that they do not have in it. Held-out pictures are the
ceiling. With --classifier, the classifier is kept in a file and not trained again: the same one
then judges two models. With --best_of, several samples are drawn for each prompt, and the CLIP in
the teacher's folder chooses one, as in the toolkit.
"""

import argparse
import contextlib
import json
import os
import random
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from captions import BACKGROUNDS, STYLES, article
from clip import SIDE, load_clip
from export import device, load, load_autoencoder, load_tokenizer
from judge import Block
from pictures import OPAQUE, PIXEL, Library
from sample import ddim, sheet
from scenes import Painter, batches
from score import text_embeddings

ASKED = [style for style in STYLES if style != "collage"]  # a collage is a scene, no style of one name
HELD_OUT = 40  # every 40th picture is the ceiling's
WIDTHS = (48, 96, 160)


class Classifier(torch.nn.Module):
    """Pictures [B, 3, 128, 128] in [0, 1] to scores of styles [B, 11]."""

    def __init__(self):
        super().__init__()
        # The first step keeps squares of 4 and 8 pixels apart: they are what tells pixel art from
        # the rest.
        layers, width = [torch.nn.Conv2d(3, WIDTHS[0], 5, 2, 2), torch.nn.ReLU()], WIDTHS[0]
        for outputs in WIDTHS:
            layers += [Block(width, outputs, 2)]
            width = outputs
        self.layers, self.head = torch.nn.Sequential(*layers), torch.nn.Linear(width, len(ASKED))

    def forward(self, x):
        return self.head(self.layers(x * 2 - 1).mean((2, 3)))


def one_styled(scenes):
    """A scene of one picture, with its style instead of a caption; each style is drawn equally
    often."""
    pools = scenes.__dict__.setdefault("by_style", {})
    if not pools:
        for source in scenes.by_source.values():
            for i in source.items:
                pools.setdefault(scenes.rows[i]["style"], []).append(i)
    style = scenes.random.choice([style for style in ASKED if style in pools])
    i = scenes.random.choice(pools[style])
    if scenes.rows[i]["kind"] & PIXEL:
        layer = scenes.sprite(i)
    else:
        scale = 1.0 if scenes.rows[i]["kind"] & OPAQUE else scenes.random.uniform(0.8, 0.98)
        layer = scenes.smooth(i, scale, *(scenes.random.uniform(scale - 1, 1 - scale) for _ in range(2)))
    name = "white" if scenes.chance(0.5) else scenes.random.choice(list(BACKGROUNDS))
    return style, BACKGROUNDS[name], True, [layer]


def examples(rows, painter, vae, tokenizer, batch, seed, keep, workers):
    for scene in batches(rows, tokenizer, batch, seed, workers=workers, keep=keep, change=one_styled):
        # In 16 bits on a GPU: the autoencoder is what takes the time.
        half = contextlib.nullcontext() if device() == "cpu" else torch.autocast("cuda", torch.float16)
        with torch.no_grad(), half:
            pictures = (painter.draw(scene) * 2 - 1).contiguous(memory_format=torch.channels_last)
            pictures = vae.decoder(vae.encoder(pictures)).float().clamp(-1, 1) / 2 + 0.5
        yield pictures, torch.tensor([ASKED.index(style) for style in scene["captions"]], device=device())


def train_classifier(rows, painter, vae, tokenizer, seconds: float, batch: int, workers: int):
    net = Classifier().to(device()).to(memory_format=torch.channels_last)
    optimizer, start, step = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02), time.time(), 0
    for pictures, styles in examples(rows, painter, vae, tokenizer, batch, 7, lambda i: i % HELD_OUT != 0, workers):
        part = (time.time() - start) / seconds
        if part >= 1 and step:
            break
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 50) * (1 - part)
        loss = F.cross_entropy(net(pictures), styles, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    print(f"styles: {step} steps of {batch}, loss {loss.item():.3f}", flush=True)
    return net.eval()


def prompts(rows, count: int):
    """Returns {style: names}; the first half are known in the style, the others are not."""
    pick, names = random.Random(0), {}
    for row in rows:
        if "parts" not in row and len(row["caption"].split()) <= 2 and not row.get("tile"):
            names.setdefault(row["style"], set()).add(row["caption"])
    seen = set.union(*(found for style, found in names.items() if style != "photo"))
    asked = {}
    for style in ASKED:
        known = sorted(names.get(style, ()))
        if not known:
            continue  # "silhouette" names no pictures
        # Photographs are of landscapes only.
        others = known if style == "photo" else sorted(seen - set(known))
        asked[style] = pick.choices(known, k=count // 2) + pick.choices(others, k=count - count // 2)
    return asked


@torch.no_grad()
def ceiling(net, rows, painter, vae, tokenizer, batch: int):
    """Returns the share of held-out pictures whose style is found, in all and by style."""
    for pictures, styles in examples(rows, painter, vae, tokenizer, batch, 8, lambda i: i % HELD_OUT == 0, workers=1):
        right = (net(pictures).argmax(1) == styles).float()
        asked = sorted({*styles.tolist()})
        return right.mean().item(), {ASKED[i]: round(right[styles == i].mean().item(), 3) for i in asked}


def best_pictures(clip, lines, samples):
    """Those of the samples [N, B, 3, 128, 128] in [0, 1] that a CLIP finds most like their lines [B],
    each seen as a picture of 32x32 pixels."""
    net, clip_tokenizer = clip
    texts = text_embeddings(net, clip_tokenizer, lines)
    small = [F.interpolate(F.interpolate(some, (32, 32), mode="area"), (SIDE, SIDE), mode="nearest") for some in samples]
    likeness = torch.stack([(net.pictures(some) * texts).sum(1) for some in small])
    return samples[likeness.argmax(0), torch.arange(len(lines), device=samples.device)]


@torch.no_grad()
def score(net, teacher, vae, tokenizer, asked, steps: int, guidance: float, out_sheet, clip=None, best_of=1):
    results, drawn, texts, total = {}, [], [], 0.0
    for n, (style, names) in enumerate(asked.items()):
        lines = [f"{style} of {article(name)}" for name in names]
        samples = [ddim(teacher, vae, tokenizer, lines, steps, guidance, seed=n + 100 * i) for i in range(best_of)]
        pictures = best_pictures(clip, lines, torch.stack(samples)) if best_of > 1 else samples[0]
        found = net(pictures).argmax(1)
        right = (found == ASKED.index(style)).float()
        wrong = sorted({ASKED[i] for i in found.tolist()} - {style})
        half = len(names) // 2
        results[style] = {"known": right[:half].mean().item(), "new": right[half:].mean().item(), "also": wrong}
        total += right.mean().item() / len(asked)
        drawn.append(pictures[half - 4 : half + 4])
        texts += [f"{'' if ok else '! '}{line}" for line, ok in zip(lines, right.tolist())][half - 4 : half + 4]
        print(f"styles: {style}: known {results[style]['known']:.2f}, new {results[style]['new']:.2f}, also {wrong}", flush=True)
    if out_sheet:
        sheet(torch.cat(drawn), texts, out_sheet, 8)
    return results | {"all": total}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="build/library")
    parser.add_argument("--folder", default="..")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--count", type=int, default=48, help="names a style")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--best_of", type=int, default=1, help="samples of a prompt, of which the CLIP chooses")
    parser.add_argument("--classifier", help="a safetensors file of the classifier; read if it exists, else written")
    parser.add_argument("--classifier_only", action="store_true", help="trains the classifier and stops")
    parser.add_argument("--workers", type=int, default=6, help="processes that draw scenes")
    parser.add_argument("--out", help="a JSON file to write")
    parser.add_argument("--sheet", help="a PNG file with 8 of each style; '!' marks another style than asked")
    args = parser.parse_args()
    tokenizer, vae = load_tokenizer(args.folder), load_autoencoder(args.folder)
    teacher = None if args.classifier_only else load(args.folder, tokenizer)[0]
    library = Library.load(args.library)
    painter = Painter(library.pixels)
    if args.classifier and os.path.exists(args.classifier):
        net = Classifier().to(device()).eval()
        net.load_state_dict(load_file(args.classifier))
    else:
        net = train_classifier(library.rows, painter, vae, tokenizer, args.seconds, args.batch, args.workers)
        if args.classifier:
            save_file({key: value.contiguous() for key, value in net.state_dict().items()}, args.classifier)
    if args.classifier_only:
        return
    real, by_style = ceiling(net, library.rows, painter, vae, tokenizer, 4 * args.batch)
    results = {"real": real, "real by style": by_style}
    print(f"styles: held-out pictures {real:.3f}, {by_style}", flush=True)
    asked = prompts(library.rows, args.count)
    clip = load_clip(f"{args.folder}/clip") if args.best_of > 1 else None
    results |= score(net, teacher, vae, tokenizer, asked, args.steps, args.guidance, args.sheet, clip, args.best_of)
    print(f"styles: obeyed {results['all']:.3f}", flush=True)
    if args.out:
        with open(args.out, "w", encoding="utf8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
