"""Trains a small CLIP, which chooses among the samples of a prompt the one that shows it best.

    python3 clip.py --library build/library --folder .. --out build/clip --seconds 300
    python3 clip.py --library build/library --out build/clip --seconds 0   # scores it only

Reranking as in DALL-E (Ramesh et al. 2021) with CLIP (Radford et al. 2021). It learns from the
pictures as the judge does, drawn small, in few colors and noisy, but it shares nothing with the
judge: no weights, no answers, another kind of network and another seed. So the judge stays a fair
witness of what the choice gains.

Structure and names of tensors are those of transformers' CLIPModel:

    pixels [N, 3, 64, 64], normalized -> patches of 8x8, vision transformer -> embeddings [N, 256]
    token ids [N, 24] -> causal transformer, state at the end token -> embeddings [N, 256]
"""

import argparse
import math
import os
import time
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from captions import STYLES, article
from clock import Clock
from export import device, load_tokenizer, pack, unpack, write_json
from judge import load_judge, one_thing, pixel_art
from networks import LENGTH, PART, TextLayer, TextModel
from pictures import Library
from scenes import Painter, batches
from score import SOURCES, judged, real_pictures, text_embeddings
from stepper import Step, Weights
from tokenizer import EOS, Tokenizer

SIDE, PATCH, EMBEDDING = 64, 8, 256
WIDTH, LAYERS = 192, 8
TEXT_WIDTH, TEXT_LAYERS = 160, 2
# OPENAI_CLIP_MEAN and _STD of transformers' image_utils.py
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Patches(nn.Module):
    def __init__(self):
        super().__init__()
        count = (SIDE // PATCH) ** 2 + 1
        self.class_embedding = nn.Parameter(torch.randn(WIDTH) * 0.02)
        self.patch_embedding = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.position_embedding = nn.Embedding(count, WIDTH)
        nn.init.normal_(self.position_embedding.weight, std=0.02)

    def forward(self, pixels):
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.to(patches.dtype).expand(len(patches), 1, -1)
        return torch.cat([first, patches], 1) + self.position_embedding.weight


class VisionModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = Patches()
        self.pre_layrnorm = nn.LayerNorm(WIDTH)  # spelled so in the checkpoints
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(TextLayer(WIDTH, False, causal=False) for _ in range(LAYERS))})
        self.post_layernorm = nn.LayerNorm(WIDTH)

    def forward(self, pixels):
        x = self.pre_layrnorm(self.embeddings(pixels))
        for layer in self.encoder["layers"]:
            x = layer(x)
        return self.post_layernorm(x[:, 0])


class Clip(nn.Module):
    """A CLIPModel. `pictures`, `texts` and `scale` are as those of the judge."""

    def __init__(self, vocabulary: int, end: int):
        super().__init__()
        self.end = end
        self.text_model = TextModel(vocabulary, TEXT_WIDTH, TEXT_LAYERS, False)
        self.vision_model = VisionModel()
        self.visual_projection = nn.Linear(WIDTH, EMBEDDING, bias=False)
        self.text_projection = nn.Linear(TEXT_WIDTH, EMBEDDING, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    @property
    def scale(self):
        return self.logit_scale

    def pictures(self, x):
        """Embeddings of pictures [B, 3, 64, 64] in [0, 1]."""
        return F.normalize(self.visual_projection(self.vision_model((x - self.mean) / self.std)).float(), dim=1)

    def texts(self, ids):
        """Embeddings of token ids [B, 24]."""
        _, last = self.text_model(ids, True)
        at = (ids == self.end).int().argmax(1)
        pooled = last.gather(1, at.view(-1, 1, 1).expand(-1, 1, last.shape[-1]))[:, 0]
        return F.normalize(self.text_projection(pooled).float(), dim=1)


def config(vocabulary: int):
    """config.json as transformers writes it."""
    def part(kind, width, layers, **more):
        return {
            "attention_dropout": 0.0, "hidden_act": "gelu", "hidden_size": width, "initializer_factor": 1.0,
            "initializer_range": 0.02, "intermediate_size": 4 * width, "layer_norm_eps": 1e-05, "model_type": kind,
            "num_attention_heads": width // PART, "num_hidden_layers": layers, "projection_dim": EMBEDDING, **more,
        }  # fmt: skip

    return {
        "architectures": ["CLIPModel"], "initializer_factor": 1.0, "logit_scale_init_value": 2.6592,
        "model_type": "clip", "projection_dim": EMBEDDING,
        "text_config": part(
            "clip_text_model", TEXT_WIDTH, TEXT_LAYERS, bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1, max_position_embeddings=LENGTH, vocab_size=vocabulary,
        ),
        "vision_config": part("clip_vision_model", WIDTH, LAYERS, image_size=SIDE, num_channels=3, patch_size=PATCH),
    }  # fmt: skip


# As the toolkit prepares an image: by nearest neighbor (0), to the input's size. Pictures of 16 and
# 32 pixels become whole squares so. Bicubic (3) chooses as well at 32 pixels, and slightly worse at
# 16.
PROCESSOR = {
    "image_processor_type": "CLIPImageProcessor", "crop_size": {"height": SIDE, "width": SIDE}, "do_center_crop": True,
    "do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": MEAN,
    "image_std": STD, "resample": 0, "rescale_factor": 1 / 255, "size": {"shortest_edge": SIDE},
}  # fmt: skip


def export_clip(folder, net, tokenizer):
    """Writes a folder that transformers reads, but for its 8-bit weights. As `clip` in a model folder
    it needs no tokenizer files: the toolkit takes those of `tokenizer`, which are the same."""
    write_json(f"{folder}/config.json", config(len(tokenizer.ids)))
    write_json(f"{folder}/preprocessor_config.json", PROCESSOR)
    tokenizer.save(folder, EOS)
    save_file(pack(net.state_dict(), eight_bits=True), f"{folder}/model.safetensors", {"format": "pt"})


def load_clip(folder):
    """Reads what `export_clip` wrote, or `clip` of a model folder. Returns (network, tokenizer)."""
    own = os.path.exists(f"{folder}/vocab.json")
    tokenizer = Tokenizer.load(folder if own else f"{folder}/../tokenizer", LENGTH)
    net = Clip(len(tokenizer.ids), tokenizer.ids[EOS])
    net.load_state_dict(unpack(load_file(f"{folder}/model.safetensors")))
    return net.to(device()).eval().requires_grad_(False), tokenizer


def one_caption(scenes):
    """A scene of one picture as for the judge, with or without an article."""
    text, *rest = one_thing(scenes)
    style = next((f"{style} of " for style in STYLES if text.startswith(f"{style} of ")), "")
    if scenes.chance(0.5):
        text = style + article(text[len(style):])
    return text, *rest


def number_of(caption: str) -> int:
    """A number for a caption; the same with and without an article."""
    return zlib.crc32(" ".join(word for word in caption.split() if word not in ("a", "an")).encode())


def train(painter, rows, tokenizer, args):
    begin = time.time()
    torch.manual_seed(args.seed)
    net = Clip(len(tokenizer.ids), tokenizer.ids[EOS]).to(device())
    weights = Weights(net.parameters(), decay=args.decay, average=0.998)

    def loss(pictures, ids, numbers):
        seen, read = net.pictures(pictures), net.texts(ids)
        with torch.autocast(seen.device.type, enabled=False):
            likeness = seen @ read.T * net.logit_scale.clamp(max=math.log(100)).exp()
            same = (numbers[:, None] == numbers[None]).float()
            target = same / same.sum(1, keepdim=True)
            return (F.cross_entropy(likeness, target) + F.cross_entropy(likeness.T, target)) / 2

    step = Step(loss, weights, compiled=not args.eager)
    random, clock = np.random.default_rng(args.seed), None
    for scene in batches(rows, tokenizer, args.batch, args.seed, workers=args.workers, change=one_caption):
        numbers = torch.tensor([number_of(text) for text in scene["captions"]]).to(scene["ids"].device)
        pictures = pixel_art(painter.draw(scene), random, ("nearest", "nearest", "bilinear", "bicubic")).clamp(0, 1)
        rate = clock.rate_now() if clock else 0.0
        value = step(rate, pictures=pictures, ids=scene["ids"], numbers=numbers)
        if clock is None:  # the first step compiles, and changes nothing: its rate is 0
            print(f"clip: first step after {time.time() - begin:.0f} s", flush=True)
            seconds = min(args.seconds, args.longest - (time.time() - begin))
            clock = Clock("clip", seconds, args.rate, args.warmup)
        clock.tick(value)
        if not clock.running():
            break
    weights.take_average()
    memory = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0
    print(f"clip: {clock.step} steps of {args.batch} in {clock.spent():.0f} s, loss {clock.loss.item():.3f}, "
          f"scale {net.logit_scale.exp().item():.1f}, memory {memory:.1f} GiB", flush=True)
    export_clip(args.out, net.eval(), tokenizer)


@torch.no_grad()
def report(library, who: str, net, tokenizer, count: int):
    """Prints which real pictures it recognizes among all names of their kind, as score.py."""
    for kind in SOURCES:
        names, asked, real = real_pictures(library, kind, count)
        texts = text_embeddings(net, tokenizer, names)
        answers = torch.tensor([names.index(name) for name in asked], device=device())
        for side in (16, 32):
            for colors in (True, False):
                (first, five, p), _ = judged(net, real, answers, texts, colors, side)
                print(f"{who}: {len(asked)} of {len(names)} {kind}, {side} px, {'16 colors' if colors else 'all colors'}: "
                      f"top-1 {first:.3f}, top-5 {five:.3f}, p {p:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="build/library")
    parser.add_argument("--folder", default="..", help="a model folder, for its tokenizer")
    parser.add_argument("--out", default="build/clip", help="folder to write")
    parser.add_argument("--seconds", type=float, default=300, help="of training, after the first step; 0: none")
    parser.add_argument("--longest", type=float, help="seconds of training with the first step, at most; default: 90 more")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=14)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--count", type=int, default=384, help="real pictures of each kind that are scored")
    parser.add_argument("--judge", help="a judge's safetensors file, which is scored on the same pictures")
    parser.add_argument("--eager", action="store_true", help="does not compile")
    args = parser.parse_args()
    args.longest = args.longest or args.seconds + 90
    library = Library.load(args.library)
    if args.seconds > 0:
        train(Painter(library.pixels), library.rows, load_tokenizer(args.folder), args)
    net, tokenizer = load_clip(args.out)
    report(library, "clip", net, tokenizer, args.count)
    if args.judge:
        report(library, "judge", load_judge(args.judge, tokenizer), tokenizer, args.count)


if __name__ == "__main__":
    main()
