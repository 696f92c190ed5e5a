"""Draws a sheet of samples from the exported folder: DDIM (Song et al. 2021) with guidance.

    python3 sample.py --folder .. --out sheet.png --names 96

Draws the prompts below and names drawn at random from vocabulary.json, each under its picture.
"""

import argparse
import json
import random

import torch
from PIL import Image, ImageDraw

import networks
from export import device, load, load_tokenizer

PROMPTS = """goblin
dragon
red potion
long sword
wooden shield
skeleton
treasure chest
oak tree
stone wall
grass floor
griffon
hydra
orc warrior
lich
fire elemental
giant spider
blue dragon
leather armor
plate armor
magic scroll
gold ring
war hammer
crossbow
bow and arrow
iron helmet
green slime
bat
wolf
rat
ghost
vampire
wizard
knight
king
apple
bread
cheese
key
torch
lantern
book
crystal ball
heart
coin
bomb
castle
house
rocket
spaceship
robot
cat
owl
fox
pizza
hamburger
guitar
pixel art of a castle
pixel art of a cat
pixel art of a mushroom
pixel art of a pizza
emoji of a dragon
emoji of a castle
emoji of a wizard
emoji of a fox
3d emoji of a dragon
3d emoji of a rocket
3d emoji of an owl
flat emoji of a castle
flat emoji of a cat
outlined emoji of a cat
clip art of an apple
clip art of a violin
3d render of a chair
3d render of a wooden table
black silhouette icon of a dragon
black silhouette icon of a sword
photo of a mountain
photo of a beach
photo of a desert
pixel art of a mountain
pixel art of a forest
tiny pixel art of a knight
tiny pixel art of a dragon
cartoon of a zombie
a goblin on a grass floor
an orc in a room with stone wall and grass floor
a skeleton and a treasure chest on a dirt floor
a dragon in front of a mountain
a wizard in front of a canyon
collage of a robot in front of a beach
collage of an elephant in front of a desert
a cat and a tree
a sword and a shield
a red potion and a blue potion
pixel art of a man with brown natural hair wearing a navy polo and yellow pants
a woman with green page hair wearing a plum shirt and navy leggings
an old man with white balding hair wearing brown overalls from the left
a woman with red curly hair from behind
a goblin on a transparent background
a potion on a transparent background
emoji of a cat on a transparent background
a dragon on a blue background
a knight on a dark green background
a ghost on a purple background
castle on a yellow background
a purple sword
a green dragon
a golden apple
a small house
a small knight
an owl on the left
a key in the top right corner
a big mushroom""".splitlines()


def ddim(teacher, vae, tokenizer, prompts, steps: int, scale: float, seed: int = 0):
    """Returns pictures [B, 3, 128, 128] in [0, 1]; trailing timesteps, eta 0."""
    at = device()
    generator = torch.Generator(at).manual_seed(seed)
    latents = torch.randn(len(prompts), 4, networks.LATENT, networks.LATENT, generator=generator, device=at)
    texts = [""] * len(prompts) + list(prompts)
    ids, ids_2 = (torch.tensor([tokenizer.encode(text, pad) for text in texts], device=at) for pad in ("<|endoftext|>", "!"))
    alphas = networks.alphas_cumprod().to(at)
    with torch.no_grad():
        states, pooled = teacher.conditions(ids, ids_2)
        times = [round(1000 - i * 1000 / steps) - 1 for i in range(steps)]
        for i, t in enumerate(times):
            when = torch.full((len(texts),), t, device=at)
            negative, positive = teacher.unet(torch.cat([latents] * 2), when, states, pooled).chunk(2)
            noise = negative + scale * (positive - negative)
            a = alphas[t]
            clean = ((latents - (1 - a).sqrt() * noise) / a.sqrt()).clamp(-4, 4)
            noise = (latents - a.sqrt() * clean) / (1 - a).sqrt()
            b = alphas[times[i + 1]] if i + 1 < len(times) else torch.ones((), device=at)
            latents = b.sqrt() * clean + (1 - b).sqrt() * noise
        return ((vae.decoder(latents / vae.scaling_factor) + 1) / 2).clamp(0, 1)


def sheet(pictures, captions, path, columns: int = 14):
    """Writes pictures [N, 3, H, W] in rows, each with its caption below."""
    side = pictures.shape[-1]
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * (side + 4), rows * (side + 28)), "white")
    pen = ImageDraw.Draw(canvas)
    letters = side // 6
    for i, (picture, caption) in enumerate(zip(pictures, captions)):
        x, y = i % columns * (side + 4), i // columns * (side + 28)
        pixels = (picture.permute(1, 2, 0).cpu().numpy() * 255).round().astype("uint8")
        canvas.paste(Image.fromarray(pixels), (x, y))
        for line in range(2):
            pen.text((x, y + side + 12 * line), caption[line * letters : (line + 1) * letters], fill=(0, 0, 0))
    canvas.save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="..")
    parser.add_argument("--out", default="sheet.png")
    parser.add_argument("--names", type=int, default=96, help="names drawn at random besides the prompts")
    parser.add_argument("--vocabulary", help="the vocabulary.json of these names, instead of the folder's")
    parser.add_argument("--prompts", nargs="*", help="instead of those of this file")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--guidance", type=float, default=4.0)
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.folder)
    teacher, vae, _ = load(args.folder, tokenizer)
    with open(args.vocabulary or f"{args.folder}/vocabulary.json", encoding="utf8") as file:
        names = json.load(file)["names"]
    prompts = args.prompts or [*PROMPTS, *random.Random(0).sample(names, args.names)]
    parts = [
        ddim(teacher, vae, tokenizer, prompts[i : i + 64], args.steps, args.guidance, seed=i)
        for i in range(0, len(prompts), 64)
    ]
    sheet(torch.cat(parts), prompts, args.out)


if __name__ == "__main__":
    main()
