"""Trains the judge: a picture and a text encoder whose embeddings agree where a caption names a
picture.

It never sees the teacher: it learns from the pictures themselves, drawn small, in few colors and
noisy (contrastive, Radford et al. 2021), and scores the teacher and the recipes of the benchmark.
Weights are stored in 8 bits, batch norms folded in.

    pictures [N, 3, 64, 64] in [0, 1] -> 3x3 convolutions -> mean -> embeddings [N, 256]
    token ids [N, 24] -> CLIP's text encoder, state at the end -> embeddings [N, 256]
"""

import math
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from captions import BACKGROUNDS
from clock import Clock
from export import device, pack, unpack
from looks import SQUARES
from networks import TextModel
from scenes import batches
from stepper import Step, Weights

SIDE, EMBEDDING = 64, 256
WIDTHS = (48, 96, 160, 256)  # height and width are halved before each but the first
TEXT_WIDTH, TEXT_LAYERS = 192, 2


class Block(torch.nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = torch.nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1
        self.skip = None if same else torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        h = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(h + (x if self.skip is None else self.skip(x)))


class Judge(torch.nn.Module):
    def __init__(self, vocabulary: int, end: int, folded=False):
        super().__init__()
        self.end = end
        self.conv_in = torch.nn.Conv2d(3, WIDTHS[0], 3, 1, 1)
        blocks, width = [], WIDTHS[0]
        for stage, outputs in enumerate(WIDTHS):
            blocks += [Block(width, outputs, 1 if stage == 0 else 2), Block(outputs, outputs, 1)]
            width = outputs
        self.blocks = torch.nn.ModuleList(blocks)
        self.head = torch.nn.Linear(width, EMBEDDING)
        self.text = TextModel(vocabulary, TEXT_WIDTH, TEXT_LAYERS, False)
        self.text_head = torch.nn.Linear(TEXT_WIDTH, EMBEDDING)
        self.scale = torch.nn.Parameter(torch.tensor([math.log(14.0)]))
        if folded:
            for block in self.blocks:
                block.norm1 = block.norm2 = torch.nn.Identity()
                for name in ("conv1", "conv2"):
                    conv = getattr(block, name)
                    conv.bias = torch.nn.Parameter(torch.zeros(conv.out_channels))

    def pictures(self, x):
        h = F.relu(self.conv_in(x * 2 - 1))
        for block in self.blocks:
            h = block(h)
        return F.normalize(self.head(h.mean((2, 3))).float(), dim=1)

    def texts(self, ids):
        _, last = self.text(ids, True)
        at = (ids == self.end).int().argmax(1)
        return F.normalize(self.text_head(last[torch.arange(len(ids), device=ids.device), at]).float(), dim=1)

    def folded(self):
        """Returns the weights with each batch norm made part of the convolution before it."""
        state = {k: v for k, v in self.state_dict().items() if k.split(".")[0] != "blocks"}
        for i, block in enumerate(self.blocks):
            for conv, norm in ((block.conv1, block.norm1), (block.conv2, block.norm2)):
                name = f"blocks.{i}.{'conv1' if conv is block.conv1 else 'conv2'}"
                gain = norm.weight / (norm.running_var + norm.eps).sqrt()
                state[f"{name}.weight"] = conv.weight * gain.view(-1, 1, 1, 1)
                state[f"{name}.bias"] = norm.bias - norm.running_mean * gain
            if block.skip is not None:
                state[f"blocks.{i}.skip.weight"] = block.skip.weight
        return state


def load_judge(path: str, tokenizer):
    """Reads what `train_judge` wrote."""
    net = Judge(len(tokenizer.ids), tokenizer.ids["<|endoftext|>"], folded=True)
    net.load_state_dict(unpack(load_file(path)))
    return net.to(device()).eval()


def pixel_art(pictures, random, enlarging=("nearest", "bilinear")):
    """Draws pictures [B, 3, 128, 128] at 16 to 64 pixels in 4 to 64 colors; [B, 3, 64, 64].

    enlarging: ways to the last size, one of which is drawn.
    """
    side = int(random.choice([16, 20, 24, 32, 32, 32, 48, 64]))
    mode = random.choice(["area", "area", "bilinear", "nearest-exact"])
    small = F.interpolate(pictures, (side, side), mode=str(mode))
    small = small + torch.randn_like(small) * random.uniform(0, 0.06)
    # Each picture gets a palette: pixels of it, moved a little, and random colors, some or many:
    # what is drawn in a given palette has hardly a color that the emoji has.
    count = int(random.choice([6, 8, 12, 16, 16, 24, 32, 64]))
    pixels = small.flatten(2)
    picked = torch.randint(0, side * side, (len(small), 1, count), device=small.device)
    palette = pixels.gather(2, picked.expand(-1, 3, -1))
    palette = palette + torch.randn_like(palette) * random.uniform(0, 0.12)
    foreign = float(random.choice([0.25, 0.25, 0.25, 0.6, 1]))
    chance = torch.rand(len(small), 1, count, device=small.device) < foreign
    palette = torch.where(chance, torch.rand_like(palette), palette)
    nearest = torch.cdist(pixels.transpose(1, 2), palette.transpose(1, 2)).argmin(2)
    # A share of the pixels ignores the palette, and a few are orphan pixels.
    orphan = torch.rand_like(pixels[:, 0]) < random.uniform(0, 0.08)
    nearest = torch.where(orphan, torch.randint_like(nearest, count), nearest)
    art = palette.gather(2, nearest[:, None].expand(-1, 3, -1)).view_as(small)
    free = torch.rand(len(small), 1, 1, 1, device=small.device) < 0.25
    art = torch.where(free, small, art)
    return F.interpolate(art.clamp(0, 1), (SIDE, SIDE), mode=str(random.choice(enlarging)))


def one_thing(scenes):
    """A scene of one picture that fills most of it, with its name: what the judge learns from."""
    pick, scenes.restyle = scenes.random, 0
    while True:
        kind = scenes.kinds(pick)
        if kind in ("room", "collage"):
            continue
        _, layers, _ = scenes.one(kind)
        layer = layers[0]
        row = scenes.rows[layer.index]
        if layer.step > 1.6:
            continue
        text = " ".join(word for word in (layer.color, scenes.name(row)) if word)
        if row["style"] and pick.random() < 0.25:
            text = f"{'pixel art' if layer.mode in SQUARES else row['style']} of {text}"
        name = "white" if pick.random() < 0.5 else pick.choice(list(BACKGROUNDS))
        return text, BACKGROUNDS[name], True, layers


def examples(painter, rows, tokenizer, batch: int, seed: int, keep=None, workers: int = 8):
    """Yields pictures [B, 3, 64, 64], token ids [B, 24] and a number for each caption [B]."""
    random = np.random.default_rng(seed)
    for scene in batches(rows, tokenizer, batch, seed, workers=workers, keep=keep, change=one_thing):
        numbers = torch.tensor([zlib.crc32(text.encode()) for text in scene["captions"]]).to(scene["ids"].device)
        yield pixel_art(painter.draw(scene), random), scene["ids"], numbers


def train_judge(painter, rows, tokenizer, seconds: float, path: str, batch: int = 1024, workers: int = 8):
    """Trains for some seconds and writes the judge as safetensors."""
    net = Judge(len(tokenizer.ids), tokenizer.ids["<|endoftext|>"]).to(device()).to(memory_format=torch.channels_last)
    weights = Weights(net.parameters(), decay=0.02, average=0.995)

    def loss(pictures, ids, numbers):
        likeness = net.pictures(pictures) @ net.texts(ids).T * net.scale.clamp(max=math.log(100)).exp()
        same = (numbers[:, None] == numbers[None]).float()
        target = same / same.sum(1, keepdim=True)
        return (F.cross_entropy(likeness, target) + F.cross_entropy(likeness.T, target)) / 2

    step, clock = Step(loss, weights), Clock("judge", seconds, 1.5e-3, 100)
    for pictures, ids, numbers in examples(painter, rows, tokenizer, batch, seed=5, workers=workers):
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        clock.tick(step(clock.rate_now(), pictures=pictures, ids=ids, numbers=numbers))
        if not clock.running():
            break
    weights.take_average()
    net.eval()
    state = pack({k: v.contiguous() for k, v in net.folded().items()}, eight_bits=True)
    save_file(state, path)
    print(f"judge: {clock.step} steps of {batch}, loss {clock.loss.item():.3f}", flush=True)
    return net
