"""Turns scenes into batches: captions become token ids, pictures are drawn on the GPU."""

import numpy as np
import torch
import torch.nn.functional as F

from captions import COLORS, Scenes
from looks import SMOOTH_MODES, look
from networks import SIZE
from tokenizer import Tokenizer


def tint_of(color):
    """Returns kind (0 none, 1 hue, 2 no hue) and COLORS' four numbers."""
    if color is None:
        return (0, 0, 0, 0, 0)
    hue, *rest = COLORS[color]
    return (2, 0, *rest) if hue is None else (1, hue, *rest)


def pack(scenes, tokenizer: Tokenizer, noise, size=(SIZE, SIZE)):
    """Arrays for a list of scenes: token ids, backgrounds, and groups of layers of one mode, in
    order."""
    background = np.zeros((len(scenes), 3), np.float32)
    groups = {}
    for row, (_, color, varied, layers) in enumerate(scenes):
        background[row] = np.array(color) / 255 + (noise.normal(0, 0.02, 3) if varied else 0)
        for slot, layer in enumerate(layers):
            groups.setdefault((slot, layer.mode, layer.color is not None), []).append((row, layer))
    captions = [scene[0] for scene in scenes]
    batch = {
        "size": size,
        "background": torch.from_numpy(background.clip(0, 1)),
        "ids": torch.from_numpy(np.array([tokenizer.encode(text) for text in captions])),
        "ids_2": torch.from_numpy(np.array([tokenizer.encode(text, "!") for text in captions])),
        "groups": [],
    }
    for slot, mode, tinted in sorted(groups):
        items = groups[slot, mode, tinted]
        place = [
            (layer.left, layer.top, layer.step, -1.0 if layer.flip else 1.0, float(layer.repeat), *layer.clip)
            for _, layer in items
        ]
        batch["groups"].append({
            "mode": mode,
            "rows": torch.tensor([row for row, _ in items]),
            "index": torch.tensor([layer.index for _, layer in items]),
            "place": torch.tensor(place, dtype=torch.float32),
            "tint": torch.tensor([tint_of(layer.color) for _, layer in items], dtype=torch.float32) if tinted else None,
        })  # fmt: skip
    return batch


def bucket_of(number: int, buckets):
    """The size of the batch with this number: every sixth is not square."""
    return buckets[number // 6 % len(buckets)] if buckets and number % 6 == 5 else (SIZE, SIZE)


class SceneStream(torch.utils.data.IterableDataset):
    """Endless batches of scene descriptions as small arrays; one stream for each data-loader
    worker.

    buckets: (width, height) of scenes that are not square. The loader takes a batch of each worker in
    turn, so on all devices the batches of a step have the same size.
    """

    def __init__(self, rows, tokenizer: Tokenizer, batch: int, seed: int, keep=None, change=None, buckets=()):
        self.rows, self.tokenizer, self.batch, self.seed = rows, tokenizer, batch, seed
        self.keep, self.change, self.buckets = keep, change, buckets

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        seed = self.seed * 1000 + (worker.id if worker else 0)
        scenes, noise = Scenes(self.rows, seed, self.keep), np.random.default_rng(seed)
        number, step = (worker.id, worker.num_workers) if worker else (0, 1)
        while True:
            size = bucket_of(number, self.buckets)
            number += step
            draw = self.change or (lambda scenes, size=size: scenes.draw(*size))
            drawn = [draw(scenes) for _ in range(self.batch)]
            yield {**pack(drawn, self.tokenizer, noise, size), "captions": [scene[0] for scene in drawn]}


def to_device(item):
    if isinstance(item, torch.Tensor):
        return item.cuda(non_blocking=True) if torch.cuda.is_available() else item
    if isinstance(item, dict):
        return {key: to_device(value) for key, value in item.items()}
    return [to_device(value) for value in item] if isinstance(item, list) else item


def batches(rows, tokenizer, batch: int, seed: int, workers: int = 6, keep=None, change=None, buckets=()):
    stream = SceneStream(rows, tokenizer, batch, seed, keep, change, buckets)
    loader = torch.utils.data.DataLoader(
        stream, batch_size=None, num_workers=workers, pin_memory=torch.cuda.is_available(),
        prefetch_factor=4 if workers else None if torch.__version__ > "2" else 2,
    )  # fmt: skip
    for item in loader:
        yield to_device(item)


def rgb_to_hsv(rgb):
    high, low = rgb.amax(1), rgb.amin(1)
    span = (high - low).clamp(min=1e-5)
    red, green, blue = rgb.unbind(1)
    hue = torch.where(
        high == red,
        (green - blue) / span % 6,
        torch.where(high == green, (blue - red) / span + 2, (red - green) / span + 4),
    )
    return hue / 6 % 1, (high - low) / high.clamp(min=1e-5), high


def hsv_to_rgb(hue, saturation, value):
    def channel(n):
        k = (n + hue * 6) % 6
        return value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1)

    return torch.stack([channel(5), channel(3), channel(1)], 1)


def recolor(layer, tint):
    """Gives premultiplied pictures [n, 4, H, W] another hue; tint [n, 5] as tint_of returns it."""
    alpha = layer[:, 3:]
    hue, saturation, value = rgb_to_hsv(layer[:, :3] / alpha.clamp(min=1e-3))
    weight, angle = saturation * value * alpha[:, 0], hue * 2 * torch.pi
    mean = torch.atan2((weight * angle.sin()).sum((1, 2)), (weight * angle.cos()).sum((1, 2))) / (2 * torch.pi)
    strength = weight.sum((1, 2)) / (value * alpha[:, 0]).sum((1, 2)).clamp(min=1)
    kind, target, floor, gain, offset = (column[:, None, None] for column in tint.unbind(1))
    turn = (hue - mean[:, None, None] + 0.5) % 1 - 0.5
    # Colorless things are dyed; others keep a quarter of their variety of hues.
    pale = ((0.3 - strength) / 0.3).clamp(0, 1)[:, None, None]
    dyed = torch.maximum(saturation, torch.maximum(floor, 0.65 * pale))
    rgb = hsv_to_rgb(
        (target + turn * 0.25) % 1,
        torch.where(kind == 1, dyed, saturation * 0.12),
        (value * gain + offset).clamp(0, 1),
    )
    return torch.cat([rgb * alpha, alpha], 1)


class Painter:
    """Draws scenes from pictures uint8 [N, 128, 128, 4] (straight alpha)."""

    def __init__(self, pixels):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.pixels = torch.empty(len(pixels), 4, SIZE, SIZE, dtype=torch.uint8, device=self.device)
        for i in range(0, len(pixels), 2048):
            part = torch.from_numpy(np.array(pixels[i : i + 2048])).to(self.device)
            self.pixels[i : i + 2048] = part.permute(0, 3, 1, 2)

    def layer(self, group, width: int, height: int):
        """Draws the layers of a group [n, 4, height, width], premultiplied."""
        mode, place = group["mode"], group["place"]
        source = self.pixels[group["index"]].float() / 255
        source = torch.cat([source[:, :3] * source[:, 3:], source[:, 3:]], 1)
        source = look(source, mode)
        left, top, step, flip, repeat, x1, y1, x2, y2 = (column[:, None] for column in place.unbind(1))
        across, down = (torch.arange(n, device=self.device) + 0.5 for n in (width, height))
        xs, ys = (across - left) * step, (down - top) * step
        xs = torch.where(flip < 0, SIZE - xs, xs)
        xs, ys = (torch.where(repeat > 0, axis % SIZE, axis) * (2 / SIZE) - 1 for axis in (xs, ys))
        n = len(xs)
        grid = torch.stack([xs[:, None, :].expand(n, height, width), ys[:, :, None].expand(n, height, width)], -1)
        smooth = mode in SMOOTH_MODES
        out = F.grid_sample(source, grid, mode="bilinear" if smooth else "nearest", align_corners=False)
        inside = ((across > x1) & (across < x2))[:, None, :] & ((down > y1) & (down < y2))[:, :, None]
        out = out * inside[:, None]
        return out if group["tint"] is None else recolor(out, group["tint"])

    def draw(self, batch):
        """Returns pictures float32 [B, 3, height, width] in [0, 1]."""
        width, height = batch["size"]
        picture = batch["background"][:, :, None, None].repeat(1, 1, height, width)
        for group in batch["groups"]:
            layer, rows = self.layer(group, width, height), group["rows"]
            picture[rows] = layer[:, :3] + picture[rows] * (1 - layer[:, 3:])
        return picture.clamp(0, 1)
