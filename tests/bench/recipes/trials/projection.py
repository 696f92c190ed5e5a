"""The way from an image to a picture of the toolkit, for many images at once, in PyTorch.

Written from lib/image/resize_image.ts, lib/initialization/project_picture.ts and
lib/finish/orphan_pixels.ts; `parity.py` compares the results with the toolkit's own.
"""

import math
import os

import torch
import torch.nn.functional as F

PALETTES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../assets/palettes")
LIMITS, PASSES = (0.01, 0.042), 3  # limits on lines and of specks
UNIT = 3 * 255.0**2  # squared distance of black and white
MIN_CHROMA, MIN_COSINE, CLIPPED = 0.04, 0.766, 0.02


def palette(name):
    """Reads a built-in palette, shape [K, 3], 8-bit values as floats."""
    path = f"{PALETTES}/{name}.hex"
    path = path if os.path.exists(path) else f"{PALETTES}/lospec/{name}.hex"
    with open(path, encoding="utf8") as file:
        rows = [line.strip() for line in file if line.strip()]
    return torch.tensor([[int(row[i : i + 2], 16) for i in (0, 2, 4)] for row in rows], dtype=torch.float32)


def taps(source, size, kind):
    """Weights [size, source] of a resize that averages, "area" or "bilinear"."""
    scale = source / size
    weights = torch.zeros(size, source)
    for i in range(size):
        center, support = (i + 0.5) * scale, scale / 2 if kind == "area" else max(1.0, scale)
        for k in range(max(0, math.floor(center - support)), min(source, math.ceil(center + support))):
            if kind == "area":
                weights[i, k] = max(0.0, min(k + 1, center + support) - max(k, center - support))
            else:
                weights[i, k] = max(0.0, 1 - abs(k + 0.5 - center) / support)
    return weights / weights.sum(1, keepdim=True)


def resize(images, size, kind):
    """Images [B, 3, H, W] of 8-bit values to [B, 3, size, size]."""
    weights = taps(images.shape[-1], size, kind).to(images.device)
    return (weights @ (images @ weights.T) + 0.5).floor().clamp(0, 255)


def to_oklab(colors):
    """8-bit sRGB [..., 3] to OKLab. Source: Ottosson 2020."""
    c = colors / 255
    linear = torch.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    a = torch.tensor([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                      [0.0883024619, 0.2817188376, 0.6299787005]], device=colors.device)  # fmt: skip
    b = torch.tensor([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                      [0.0259040371, 0.7827717662, -0.8086757660]], device=colors.device)  # fmt: skip
    return (linear @ a.T).clamp(min=0) ** (1 / 3) @ b.T


def is_one_hue(colors):
    hues = to_oklab(colors)[:, 1:]
    hues = hues[hues.norm(dim=1) >= MIN_CHROMA]
    total = hues.sum(0)
    return bool(((hues @ total) / (hues.norm(dim=1) * total.norm()) >= MIN_COSINE).all())


def gradient_map(images, colors):
    """Maps the lightness of images [B, 3, H, W] to the colors of a palette of one hue."""
    shades = colors[to_oklab(colors)[:, 0].argsort()]
    light = to_oklab(images.movedim(1, -1))[..., 0]
    ordered = light.flatten(1).sort(1).values
    clipped = int(ordered.shape[1] * CLIPPED)
    low, high = ordered[:, clipped, None, None], ordered[:, -1 - clipped, None, None]
    span = torch.where(high > low, high - low, torch.ones_like(low))
    at = ((light - low) / span).clamp(0, 1) * (len(shades) - 1)
    lower = at.floor().clamp(max=len(shades) - 2)
    first, second = shades[lower.long()], shades[lower.long() + 1]
    mixed = first + (second - first) * (at - lower)[..., None]
    return (mixed + 0.5).floor().movedim(-1, 1)


def neighbors(size, device):
    """Index of the pixels above, below, left and right [4, P], and at the corners; P where there is none."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")

    def at(dy, dx):
        v, u = y + dy, x + dx
        inside = (v >= 0) & (v < size) & (u >= 0) & (u < size)
        return torch.where(inside, v * size + u, torch.full_like(v, size * size)).flatten()

    sides = torch.stack([at(-1, 0), at(1, 0), at(0, -1), at(0, 1)])
    corners = torch.stack([at(-1, -1), at(-1, 1), at(1, -1), at(1, 1)])
    return sides.to(device), corners.to(device)


def clean_orphans(indices, costs, size, limits=LIMITS):
    """Cleans the orphans of pictures [B, P], whose colors cost [B, P, K], as `cleanOrphans`.

    Pixels of equal x + 2 y do not read each other, so they are visited at once; the result is that
    of a visit row by row.
    """
    count, pixels = indices.shape
    sides, corners = neighbors(size, indices.device)
    # The pixel after the last one stands for "none".
    work = torch.cat([indices, torch.full((count, 1), -1, device=indices.device, dtype=indices.dtype)], 1)
    y, x = torch.arange(pixels) // size, torch.arange(pixels) % size
    fronts = [((x + 2 * y) == front).nonzero()[:, 0].to(indices.device) for front in range(3 * size - 2)]
    for _ in range(PASSES):
        for front in fronts:
            own = work[:, front]
            near = work[:, sides[:, front]]  # [B, 4, F]
            orphan = (near != own[:, None]).all(1)
            cost = costs[:, front]  # [B, F, K]
            of_near = cost.gather(2, near.clamp(min=0).transpose(1, 2)).transpose(1, 2)
            of_near = of_near.masked_fill(near < 0, math.inf)
            gain, which = of_near.min(1)
            best = near.gather(1, which[:, None])[:, 0]
            gain = gain - cost.gather(2, own[..., None])[..., 0]
            on_line = (work[:, corners[:, front]] == own[:, None]).any(1)
            limit = torch.where(on_line, *map(float, limits))
            work[:, front] = torch.where(orphan & (gain < limit), best, own)
    return work[:, :pixels]


def color_costs(small, colors):
    """Squared distances [B, P, K] of images [B, 3, h, w] to colors, in 8-bit units."""
    pixels = small.flatten(2).transpose(1, 2)
    return ((pixels[:, :, None] - colors) ** 2).sum(-1)


def first_min(distances):
    """Index of the least whole number along the last axis, the first one on ties."""
    count = distances.shape[-1]
    return (distances * count + torch.arange(count, device=distances.device)).argmin(-1)


def project(images, size, colors, limits=LIMITS):
    """Images [B, 3, H, W] of 8-bit values to pictures [B, P]: cell means, nearest colors, orphans cleaned."""
    parts = []
    for some in images.split(4096):
        some = gradient_map(some, colors) if is_one_hue(colors) else some
        distances = color_costs(resize(some, size, "area"), colors)
        parts.append(clean_orphans(first_min(distances), distances / UNIT, size, limits))
    return torch.cat(parts)


def middle_pixels(images, size, colors, limits=(0, 0)):
    """As `project`, but of the two pixels of each axis in the middle of a cell: SD-piXL's start."""
    small = F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False)
    distances = color_costs(small, colors)
    return clean_orphans(first_min(distances.floor()), distances / UNIT, size, limits)


def nearest(images, size, colors, margin=0.5):
    """The recipe `nearest`: bilinear, the nearest color in L1, orphans of small contrast replaced."""
    parts = []
    for some in images.split(4096):
        some = gradient_map(some, colors) if is_one_hue(colors) else some
        pixels = resize(some, size, "bilinear").flatten(2).transpose(1, 2)
        logits = -(pixels[:, :, None] - colors).abs().sum(-1) / 255 * len(colors) ** 0.5
        indices = first_min(((pixels[:, :, None] - colors).abs()).sum(-1))
        logits = logits - logits.mean(-1, keepdim=True)
        norms = logits.norm(dim=-1, keepdim=True)
        logits = logits * (norms.mean(1, keepdim=True) / norms.clamp(min=1e-9))
        parts.append(replace_orphans(indices, logits, size, margin))
    return torch.cat(parts)


def replace_orphans(indices, logits, size, margin):
    sides, _ = neighbors(size, indices.device)
    work = torch.cat([indices, torch.full_like(indices[:, :1], -1)], 1)
    near = work[:, sides]
    orphan = (near != indices[:, None]).all(1)
    of_near = logits.gather(2, near.clamp(min=0).transpose(1, 2)).transpose(1, 2).masked_fill(near < 0, -math.inf)
    value, which = of_near.max(1)
    own = logits.gather(2, indices[..., None])[..., 0]
    best = near.gather(1, which[:, None])[:, 0]
    return torch.where(orphan & (value > own - margin), best, indices)


def orphan_share(indices, size):
    """Share of inner pixels whose four neighbors all have another color, of pictures [B, P]."""
    sides, _ = neighbors(size, indices.device)
    work = torch.cat([indices, torch.full_like(indices[:, :1], -1)], 1)
    lonely = (work[:, sides] != indices[:, None]).all(1)
    inner = lonely.view(-1, size, size)[:, 1:-1, 1:-1]
    return inner.float().mean((1, 2))


def colored(indices, size, colors):
    """Pictures [B, P] as images [B, 3, size, size] in [0, 1]."""
    return (colors[indices] / 255).transpose(1, 2).reshape(-1, 3, size, size)


def enlarge(pictures, side, mode):
    """Images to [B, 3, side, side], by "nearest" neighbor at pixel centers or "bilinear"."""
    if mode == "bilinear":
        return F.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)
    at = ((torch.arange(side) + 0.5) * pictures.shape[-1] / side).long().to(pictures.device)
    return pictures[:, :, at][:, :, :, at]
