"""Gives pictures another look, so that a style word is learned apart from the names of its
pictures.

Each function takes and returns premultiplied pictures [n, 4, 128, 128] in [0, 1]. STYLES_OF says
which style words may then name the result.
"""

import torch
import torch.nn.functional as F

# How a layer is drawn. From PIXELS4 to TINY: as pixel art of squares of 4, 2 and 8 pixels.
NEAREST, SMOOTH, HALVED, PIXELS4, PIXELS2, TINY, SHAPE, ROUNDED, SHADED, OUTLINED, FLAT = range(11)
SPRITE = 16  # added to a mode: the picture is a sprite
SQUARES = {PIXELS4: 4, PIXELS2: 2, TINY: 8}
SMOOTH_MODES = (SMOOTH, HALVED, SHAPE, ROUNDED, SHADED, OUTLINED, FLAT)

# From a picture's own style: (style word, how it is drawn). "" stands for sprites of any size.
STYLES_OF = {
    "": [("tiny pixel art", TINY), ("silhouette", SHAPE), ("black silhouette icon", SHAPE), ("emoji", ROUNDED),
         ("flat emoji", FLAT), ("cartoon", ROUNDED), ("clip art", ROUNDED), ("3d render", SHADED), ("3d emoji", SHADED),
         ("outlined emoji", OUTLINED)],
    "emoji": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE), ("black silhouette icon", SHAPE), ("clip art", SMOOTH),
              ("cartoon", SMOOTH), ("flat emoji", FLAT), ("outlined emoji", OUTLINED), ("3d render", SHADED), ("3d emoji", SHADED)],
    "flat emoji": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE), ("emoji", SMOOTH), ("cartoon", SMOOTH),
                   ("clip art", SMOOTH), ("outlined emoji", OUTLINED), ("3d render", SHADED), ("3d emoji", SHADED)],
    "3d emoji": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE), ("3d render", SMOOTH),
                 ("3d render", SMOOTH), ("flat emoji", FLAT), ("outlined emoji", OUTLINED)],
    "3d render": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE), ("black silhouette icon", SHAPE),
                  ("3d emoji", SMOOTH), ("flat emoji", FLAT), ("outlined emoji", OUTLINED)],
    "clip art": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE), ("black silhouette icon", SHAPE),
                 ("cartoon", SMOOTH), ("emoji", SMOOTH), ("outlined emoji", OUTLINED), ("3d render", SHADED)],
    "cartoon": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE), ("black silhouette icon", SHAPE),
                ("clip art", SMOOTH), ("emoji", SMOOTH), ("outlined emoji", OUTLINED), ("3d render", SHADED)],
    "outlined emoji": [("tiny pixel art", TINY), ("pixel art", PIXELS4), ("cartoon", SMOOTH), ("clip art", SMOOTH)],
    "black silhouette icon": [("silhouette", SMOOTH), ("silhouette", SMOOTH), ("tiny pixel art", TINY)],
}  # fmt: skip
# A disc with a face, or a sign in a square: its outline shows nothing.
NO_SHAPE = ("Smileys & Emotion", "Symbols")
LINE = (0.13, 0.12, 0.16)  # color of outlines


def blur(x, radius: int):
    """A box blur, twice: nearly a Gaussian."""
    for _ in range(2):
        x = F.avg_pool2d(F.pad(x, (radius,) * 4, mode="replicate"), 2 * radius + 1, 1)
    return x


def plain(x):
    """Straight colors of premultiplied pictures."""
    return (x[:, :3] / x[:, 3:].clamp(min=1e-3)).clamp(0, 1)


def pixelated(layer, factor: int):
    """Makes pixel art: flat squares of `factor` pixels, hard alpha, few levels."""
    small = F.avg_pool2d(layer, factor)
    alpha = (small[:, 3:] > 0.45).float()
    small = torch.cat([(plain(small) * 20).round() / 20 * alpha, alpha], 1)
    return F.interpolate(small, scale_factor=float(factor), mode="nearest")


def majority(x, reach: int):
    """Gives each pixel the color among its neighbors that is nearest to the blurred picture.

    Rounds the steps of enlarged pixels; colors stay flat and edges sharp.
    """
    mean, around = blur(x, reach), F.pad(x, (reach,) * 4, mode="replicate")
    best, least = x, (x - mean).abs().sum(1, keepdim=True)
    side = x.shape[-1]
    for dx, dy in ((0, reach), (2 * reach, reach), (reach, 0), (reach, 2 * reach)):
        near = around[..., dy : dy + side, dx : dx + side]
        far = (near - mean).abs().sum(1, keepdim=True)
        best, least = torch.where(far < least, near, best), torch.minimum(far, least)
    return best


def crisp(x):
    """Smooth colors, and an outline one pixel wide."""
    alpha = ((blur(x[:, 3:], 1) - 0.5) * 2.5 + 0.5).clamp(0, 1)
    return torch.cat([plain(blur(x, 1)) * alpha, alpha], 1)


def rounded(x):
    """A drawing without squares from enlarged pixels."""
    return crisp(majority(majority(x, 3), 2))


def shape(x):
    """A black silhouette from alpha."""
    alpha = ((blur(x[:, 3:], 2) - 0.5) * 3 + 0.5).clamp(0, 1)
    return torch.cat([torch.zeros_like(x[:, :3]), alpha], 1)


def shaded(x):
    """Light from the upper left on a body that bulges away from its outline."""
    alpha, rgb = x[:, 3:], plain(x)
    light = rgb.mean(1, keepdim=True) * alpha
    height = sum(blur(alpha, radius) for radius in (2, 4, 8)) * alpha + 0.7 * blur(light, 1)
    dx, dy = (blur(d, 1) * 5 for d in slopes(height))
    facing = (dx * 0.45 + dy * 0.65 + 0.62) / (dx * dx + dy * dy + 1).sqrt()
    rgb = rgb * (0.45 + 0.75 * facing.clamp(0, 1)) + 0.6 * (facing - 0.7).clamp(min=0)
    return torch.cat([rgb.clamp(0, 1) * alpha, alpha], 1)


def slopes(x):
    around = F.pad(x, (1,) * 4, mode="replicate")
    return around[..., 1:-1, 2:] - around[..., 1:-1, :-2], around[..., 2:, 1:-1] - around[..., :-2, 1:-1]


def flat(x):
    """Few flat colors without shading."""
    x = majority(majority(x, 3), 2)
    alpha = ((x[:, 3:] - 0.5) * 2.5 + 0.5).clamp(0, 1)
    return torch.cat([((plain(x) * 1.1).clamp(0, 1) * 6).round() / 6 * alpha, alpha], 1)


def outlined(x):
    """Flat colors within dark lines."""
    x = majority(x, 2)
    alpha, rgb = x[:, 3:], plain(x)
    body = F.max_pool2d(alpha, 3, 1, 1)
    dx, dy = slopes(rgb * alpha + (1 - alpha))
    strength = (dx * dx + dy * dy).sum(1, keepdim=True).sqrt()
    inner = F.max_pool2d(((strength - 0.35) * 5).clamp(0, 1), 3, 1, 1)
    rim = (body + F.max_pool2d(1 - alpha, 5, 1, 2) - 1).clamp(0, 1)
    line = (blur(torch.maximum(inner, rim), 1) * 1.8).clamp(0, 1)
    rgb = (0.2 + 0.8 * rgb) * (1 - line) + torch.tensor(LINE, device=x.device).view(1, 3, 1, 1) * line
    return torch.cat([rgb * body, body], 1)


LOOKS = {SHAPE: shape, ROUNDED: rounded, SHADED: shaded, OUTLINED: outlined, FLAT: flat}


def look(source, mode: int):
    """Draws premultiplied pictures as a mode says; sprites lose their squares before they change."""
    sprites, mode = mode >= SPRITE, mode % SPRITE
    if mode in SQUARES:
        return pixelated(source, SQUARES[mode])
    if mode == HALVED:
        return F.avg_pool2d(source, 2)  # for small drawings: no aliasing
    if sprites and mode not in (SHAPE, ROUNDED):
        source = rounded(source)
    return LOOKS[mode](source) if mode in LOOKS else source
