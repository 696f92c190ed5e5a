"""Turns scenes into batches: captions become token ids, emoji are drawn on the GPU."""

import numpy as np
import torch
import torch.nn.functional as F

from captions import BACKGROUNDS, COLOURS, Scenes
from tokenizer import EOS, Tokenizer

SIZE = 128  # pictures, pixels
LENGTH = 24  # tokens in a prompt


class SceneStream(torch.utils.data.IterableDataset):
    """Endless batches of scene descriptions as small arrays; one stream per data-loader worker."""

    def __init__(self, emoji, tokenizer: Tokenizer, batch: int, seed: int):
        self.emoji, self.tokenizer, self.batch, self.seed = emoji, tokenizer, batch, seed

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        seed = self.seed * 1000 + (worker.id if worker else 0)
        scenes = Scenes(self.emoji["names"], self.emoji["spellings"], self.emoji["groups"], seed)
        noise = np.random.default_rng(seed)
        while True:
            yield self.pack([scenes.draw() for _ in range(self.batch)], noise)

    def pack(self, scenes, noise):
        count = len(scenes)
        index = np.zeros((count, 2), np.int64)
        place = np.ones((count, 2, 3), np.float32)  # scale, x, y
        tint = np.zeros((count, 2, 5), np.float32)  # kind (0 none, 1 hue, 2 no hue), COLOURS' four
        present = np.zeros((count, 2), np.float32)
        flip = np.where(noise.random((count, 2)) < 0.2, -1, 1).astype(np.float32)
        background = np.zeros((count, 3), np.float32)
        for row, (_, name, named, objects) in enumerate(scenes):
            background[row] = np.array(BACKGROUNDS[name]) / 255
            if named:
                background[row] += noise.normal(0, 0.02, 3)
            for slot, (i, colour, scale, x, y) in enumerate(objects):
                index[row, slot], place[row, slot], present[row, slot] = i, (scale, x, y), 1
                if colour:
                    hue, *rest = COLOURS[colour]
                    tint[row, slot] = (2, 0, *rest) if hue is None else (1, hue, *rest)
        captions = [scene[0] for scene in scenes]
        batch = {
            "index": index, "place": place, "tint": tint, "present": present, "flip": flip,
            "background": background.clip(0, 1),
            "input_ids": np.array([self.tokenizer.encode(text) for text in captions]),
            "input_ids_2": np.array([self.tokenizer.encode(text, "!") for text in captions]),
        }  # fmt: skip
        return {key: torch.from_numpy(value) for key, value in batch.items()}


def batches(emoji, tokenizer, batch: int, seed: int, workers: int = 6):
    stream = SceneStream(emoji, tokenizer, batch, seed)
    loader = torch.utils.data.DataLoader(
        stream, batch_size=None, num_workers=workers, pin_memory=True, prefetch_factor=4
    )
    for item in loader:
        yield {key: value.cuda(non_blocking=True) for key, value in item.items()}


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


class Painter:
    """Draws scenes from pictures uint8 [N, 128, 128, 4] (straight alpha) on the GPU."""

    def __init__(self, pictures):
        rgba = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).cuda().float() / 255
        rgb, alpha = rgba[:, :3], rgba[:, 3:]
        hue, saturation, value = rgb_to_hsv(rgb)
        weight = saturation * value * alpha[:, 0]
        angle = hue * 2 * torch.pi
        self.hue = torch.atan2(
            (weight * angle.sin()).sum((1, 2)), (weight * angle.cos()).sum((1, 2))
        ) / (2 * torch.pi)
        self.saturation = weight.sum((1, 2)) / (value * alpha[:, 0]).sum((1, 2)).clamp(min=1)
        self.full = torch.cat([rgb * alpha, alpha], 1).half()  # premultiplied
        self.half = F.avg_pool2d(self.full.float(), 2).half()  # for small drawings: no aliasing

    def recolour(self, premultiplied, index, tint):
        kind = tint[:, 0]
        picked = kind.nonzero()[:, 0]
        if len(picked) == 0:
            return premultiplied
        source, index, tint = premultiplied[picked], index[picked], tint[picked]
        alpha = source[:, 3:]
        hue, saturation, value = rgb_to_hsv(source[:, :3] / alpha.clamp(min=1e-3))
        kind, target, floor, gain, offset = (column[:, None, None] for column in tint.unbind(1))
        turn = (hue - self.hue[index][:, None, None] + 0.5) % 1 - 0.5
        # Colourless emoji are dyed; others keep a quarter of their own variety of hues.
        pale = ((0.3 - self.saturation[index]) / 0.3).clamp(0, 1)[:, None, None]
        dyed = torch.maximum(saturation, torch.maximum(floor, 0.65 * pale))
        is_hue = kind == 1
        rgb = hsv_to_rgb(
            (target + turn * 0.25) % 1,
            torch.where(is_hue, dyed, saturation * 0.12),
            (value * gain + offset).clamp(0, 1),
        )
        out = premultiplied.clone()
        out[picked] = torch.cat([rgb * alpha, alpha], 1)
        return out

    def draw(self, batch):
        """Returns pictures float32 [B, 3, 128, 128] in [0, 1]."""
        picture = batch["background"][:, :, None, None].expand(-1, -1, SIZE, SIZE)
        for slot in (1, 0):
            index = batch["index"][:, slot]
            scale, x, y = batch["place"][:, slot].unbind(1)
            theta = torch.zeros(len(index), 2, 3, device="cuda")
            theta[:, 0, 0] = batch["flip"][:, slot] / scale
            theta[:, 1, 1] = 1 / scale
            theta[:, 0, 2] = -x / scale * batch["flip"][:, slot]
            theta[:, 1, 2] = -y / scale
            grid = F.affine_grid(theta, (len(index), 4, SIZE, SIZE), align_corners=False)
            sharp = F.grid_sample(self.full[index].float(), grid, align_corners=False)
            smooth = F.grid_sample(self.half[index].float(), grid, align_corners=False)
            layer = torch.where((scale < 0.65)[:, None, None, None], smooth, sharp)
            layer = self.recolour(layer, index, batch["tint"][:, slot])
            layer = layer * batch["present"][:, slot, None, None, None]
            picture = layer[:, :3] + picture * (1 - layer[:, 3:])
        return picture.clamp(0, 1)
