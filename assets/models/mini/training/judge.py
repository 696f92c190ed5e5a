"""Trains the judge: a small classifier that names the emoji in a piece of pixel art.

It never sees the teacher: it learns from the emoji themselves, drawn small, in few colours and
noisy, and scores the recipes of the benchmark. Weights are stored in 8 bits, batch norms folded in.

    input [N, 3, 64, 64] in [0, 1] -> 3x3 convolutions -> mean -> logits [N, names]
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from clock import Clock
from export import pack, unpack
from scenes import Painter, batches
from stepper import Step, Weights

SIDE = 64
WIDTHS = (48, 96, 160, 256)  # a halving of the sides before each but the first


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
    def __init__(self, names: int):
        super().__init__()
        self.conv_in = torch.nn.Conv2d(3, WIDTHS[0], 3, 1, 1)
        blocks, width = [], WIDTHS[0]
        for stage, outputs in enumerate(WIDTHS):
            blocks += [Block(width, outputs, 1 if stage == 0 else 2), Block(outputs, outputs, 1)]
            width = outputs
        self.blocks = torch.nn.ModuleList(blocks)
        self.head = torch.nn.Linear(width, names)

    def forward(self, x):
        h = F.relu(self.conv_in(x * 2 - 1))
        for block in self.blocks:
            h = block(h)
        return self.head(h.mean((2, 3)))

    def folded(self):
        """Returns the weights with each batch norm made part of the convolution before it."""
        state = {k: v for k, v in self.state_dict().items() if k.split(".")[0] in ("conv_in", "head")}
        for i, block in enumerate(self.blocks):
            for conv, norm in ((block.conv1, block.norm1), (block.conv2, block.norm2)):
                name = f"blocks.{i}.{'conv1' if conv is block.conv1 else 'conv2'}"
                gain = norm.weight / (norm.running_var + norm.eps).sqrt()
                state[f"{name}.weight"] = conv.weight * gain.view(-1, 1, 1, 1)
                state[f"{name}.bias"] = norm.bias - norm.running_mean * gain
            if block.skip is not None:
                state[f"blocks.{i}.skip.weight"] = block.skip.weight
        return state


def load_judge(path: str):
    """Reads what `train_judge` wrote. Returns (classifier, names)."""
    with safe_open(path, "pt") as file:
        names = json.loads(file.metadata()["names"])
    net = Judge(len(names))
    for block in net.blocks:
        block.norm1 = block.norm2 = torch.nn.Identity()
        for name in ("conv1", "conv2"):
            conv = getattr(block, name)
            conv.bias = torch.nn.Parameter(torch.zeros(conv.out_channels))
    net.load_state_dict(unpack(load_file(path)))
    return net.cuda().eval(), names


def pixel_art(pictures, random):
    """Draws pictures [B, 3, 128, 128] at 16 to 64 pixels in 4 to 64 colours; [B, 3, 64, 64]."""
    side = int(random.choice([16, 20, 24, 32, 32, 32, 48, 64]))
    mode = random.choice(["area", "area", "bilinear", "nearest-exact"])
    small = F.interpolate(pictures, (side, side), mode=str(mode))
    small = small + torch.randn_like(small) * random.uniform(0, 0.06)
    # Each picture gets a palette: pixels of it, moved a little, and some colours of chance, or many:
    # what is drawn in a given palette has hardly a colour that the emoji has.
    count = int(random.choice([6, 8, 12, 16, 16, 24, 32, 64]))
    pixels = small.flatten(2)
    picked = torch.randint(0, side * side, (len(small), 1, count), device=small.device)
    palette = pixels.gather(2, picked.expand(-1, 3, -1))
    palette = palette + torch.randn_like(palette) * random.uniform(0, 0.12)
    foreign = float(random.choice([0.25, 0.25, 0.25, 0.6, 1]))
    chance = torch.rand(len(small), 1, count, device=small.device) < foreign
    palette = torch.where(chance, torch.rand_like(palette), palette)
    nearest = torch.cdist(pixels.transpose(1, 2), palette.transpose(1, 2)).argmin(2)
    # A share of the pixels stays free of the palette, and a few are strays.
    stray = torch.rand_like(pixels[:, 0]) < random.uniform(0, 0.08)
    nearest = torch.where(stray, torch.randint_like(nearest, count), nearest)
    art = palette.gather(2, nearest[:, None].expand(-1, 3, -1)).view_as(small)
    free = torch.rand(len(small), 1, 1, 1, device=small.device) < 0.25
    art = torch.where(free, small, art)
    return F.interpolate(art.clamp(0, 1), (SIDE, SIDE), mode=str(random.choice(["nearest", "bilinear"])))


def examples(emoji, tokenizer, painter, batch: int, seed: int):
    """Yields pictures [B, 3, 64, 64] of single emoji, and their numbers."""
    random = np.random.default_rng(seed)
    for scene in batches(emoji, tokenizer, batch, seed):
        # Two objects, or one in a corner, are no question of one answer.
        scene["present"][:, 1] = 0
        scale = torch.empty(len(scene["index"]), device=scene["index"].device).uniform_(0.7, 1.05)
        place = (torch.rand(len(scale), 2, device=scale.device) * 2 - 1) * (1 - scale.clamp(max=1))[:, None]
        scene["place"][:, 0] = torch.cat([scale[:, None], place], 1)
        yield pixel_art(painter.draw(scene), random), scene["index"][:, 0]


def train_judge(emoji, tokenizer, seconds: float, path: str):
    """Trains for some seconds and writes the classifier as safetensors, its names in the metadata."""
    names = [str(name) for name in emoji["names"]]
    net = Judge(len(names)).cuda().to(memory_format=torch.channels_last)
    weights = Weights(net.parameters(), decay=0.02, average=0.995)

    def loss(pictures, index):
        return F.cross_entropy(net(pictures).float(), index, label_smoothing=0.05)

    painter, step, clock = Painter(emoji["pictures"]), Step(loss, weights), Clock("judge", seconds, 2e-3, 100)
    for pictures, index in examples(emoji, tokenizer, painter, 512, seed=5):
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        clock.tick(step(clock.rate_now(), pictures=pictures, index=index))
        if not clock.running():
            break
    weights.take_average()
    net.eval()
    right = total = 0
    with torch.no_grad():
        for pictures, index in examples(emoji, tokenizer, painter, 512, seed=6):
            right += (net(pictures).argmax(1) == index).sum().item()
            total += len(index)
            if total >= 8192:
                break
        state = pack({k: v.contiguous() for k, v in net.folded().items()}, eight_bits=True)
    save_file(state, path, {"names": json.dumps(names, ensure_ascii=False)})
    print(f"judge: {clock.step} steps, top-1 on new drawings {right / total:.3f}", flush=True)
    return net
