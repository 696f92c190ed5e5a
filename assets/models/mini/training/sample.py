"""Draws a sheet of samples from the exported folder: DDIM (Song et al. 2021) with guidance.

    python3 sample.py --emoji build/emoji.npz --folder .. --out ../samples.png
"""

import argparse

import numpy as np
import torch
from PIL import Image

import networks
from captions import grammar_words
from export import load
from scenes import LENGTH
from tokenizer import Tokenizer

PROMPTS = """castle on a blue background
dragon on a white background
red apple
cat face
mushroom
rocket on a black background
blue dragon on a yellow background
sunflower
octopus on a cyan background
pizza
ghost on a purple background
tiger face on a green background
a cat and a tree
a small house
an owl on the left
a green teapot
an elephant on a pink background
grinning face
guitar
a purple fish on a light blue background
hamburger
sailboat
crab on a beige background
a robot and a rocket""".splitlines()


def ids(tokenizer, prompts):
    return {
        "input_ids": torch.tensor([tokenizer.encode(p) for p in prompts]).cuda(),
        "input_ids_2": torch.tensor([tokenizer.encode(p, "!") for p in prompts]).cuda(),
    }


@torch.no_grad()
def ddim(teacher, vae, tokenizer, prompts, steps: int, scale: float, seed: int = 0):
    """Returns pictures [B, 3, 128, 128] in [0, 1]."""
    alphas = networks.scheduler().alphas_cumprod.cuda()
    generator = torch.Generator("cuda").manual_seed(seed)
    side = networks.LATENT
    latents = torch.randn(len(prompts), 4, side, side, device="cuda", generator=generator)
    conditions = teacher.conditions(ids(tokenizer, [""] * len(prompts) + prompts))
    times = torch.linspace(999, 0, steps + 1).long().tolist()[:-1] if steps < 20 else torch.linspace(999, 0, steps).long().tolist()
    for i, t in enumerate(times):
        noise = teacher.unet(torch.cat([latents] * 2), t, **conditions, return_dict=False)[0]
        negative, positive = noise.chunk(2)
        noise = negative + scale * (positive - negative)
        a = alphas[t]
        clean = ((latents - (1 - a).sqrt() * noise) / a.sqrt()).clamp(-4, 4)
        noise = (latents - a.sqrt() * clean) / (1 - a).sqrt()
        b = alphas[times[i + 1]] if i + 1 < len(times) else torch.ones(())
        latents = b.sqrt() * clean + (1 - b).sqrt() * noise
    return ((vae.decoder(latents / vae.config.scaling_factor) + 1) / 2).clamp(0, 1)


def sheet(pictures, path, columns: int):
    rows = [torch.cat(list(pictures[i : i + columns]), -1) for i in range(0, len(pictures), columns)]
    grid = torch.cat([row for row in rows if row.shape[-1] == rows[0].shape[-1]], -2)
    Image.fromarray((grid.permute(1, 2, 0).cpu().numpy() * 255).round().astype("uint8")).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emoji", default="build/emoji.npz")
    parser.add_argument("--folder", default="..")
    parser.add_argument("--out", default="../samples.png")
    args = parser.parse_args()
    with np.load(args.emoji) as file:
        texts = [*file["names"], *file["spellings"], *grammar_words()]
    tokenizer = Tokenizer(texts, LENGTH)
    teacher, vae, _ = load(args.folder, tokenizer)
    rows = [ddim(teacher, vae, tokenizer, PROMPTS, steps, 5.0) for steps in (8, 30)]
    sheet(torch.cat(rows), args.out, 8)


if __name__ == "__main__":
    main()
