"""Gives pictures another look, so that a style word is learned apart from the names of its
pictures.

Only exact looks: fewer pixels, a silhouette of alpha, or a near style whose drawings are alike.
Imitated ones (outlines, light and flat colors, drawn over sprites and emoji) were tried and removed:
they have dirty rims, and after 180 s of training "outlined emoji" and "3d emoji" were drawn worse
than without them.

Each function takes and returns premultiplied pictures [n, 4, 128, 128] in [0, 1]. STYLES_OF says
which style words may then name the result.
"""

import torch
import torch.nn.functional as F

# How a layer is drawn. From PIXELS4 to TINY: as pixel art of squares of 4, 2 and 8 pixels.
NEAREST, SMOOTH, HALVED, PIXELS4, PIXELS2, TINY, SHAPE = range(7)
SQUARES = {PIXELS4: 4, PIXELS2: 2, TINY: 8}
SMOOTH_MODES = (SMOOTH, HALVED, SHAPE)

# From a picture's own style: (style word, how it is drawn). "" stands for sprites of any size.
TINY_ART, ART, SHAPES = ("tiny pixel art", TINY), ("pixel art", PIXELS4), ("silhouette", SHAPE)
ICON = ("black silhouette icon", SHAPE)
STYLES_OF = {
    "": [TINY_ART, TINY_ART, SHAPES, ICON],
    "emoji": [TINY_ART, ART, SHAPES, ICON, ("clip art", SMOOTH), ("cartoon", SMOOTH)],
    "flat emoji": [TINY_ART, ART, SHAPES, ("emoji", SMOOTH), ("cartoon", SMOOTH), ("clip art", SMOOTH)],
    "3d emoji": [TINY_ART, ART, SHAPES, ("3d render", SMOOTH), ("3d render", SMOOTH), ("3d render", SMOOTH)],
    "3d render": [TINY_ART, ART, SHAPES, ICON, ("3d emoji", SMOOTH), ("3d emoji", SMOOTH)],
    "clip art": [TINY_ART, ART, SHAPES, ICON, ("cartoon", SMOOTH)],
    "cartoon": [TINY_ART, ART, SHAPES, ICON, ("clip art", SMOOTH)],
    "outlined emoji": [TINY_ART, ART, ("cartoon", SMOOTH), ("clip art", SMOOTH)],
    "black silhouette icon": [("silhouette", SMOOTH), ("silhouette", SMOOTH), TINY_ART],
}
# A disc with a face, or a sign in a square: its outline shows nothing.
NO_SHAPE = ("Smileys & Emotion", "Symbols")


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


def shape(x):
    """A black silhouette from alpha."""
    alpha = ((blur(x[:, 3:], 2) - 0.5) * 3 + 0.5).clamp(0, 1)
    return torch.cat([torch.zeros_like(x[:, :3]), alpha], 1)


def look(source, mode: int):
    """Draws premultiplied pictures as a mode says."""
    if mode in SQUARES:
        return pixelated(source, SQUARES[mode])
    if mode == HALVED:
        return F.avg_pool2d(source, 2)  # for small drawings: no aliasing
    return shape(source) if mode == SHAPE else source
