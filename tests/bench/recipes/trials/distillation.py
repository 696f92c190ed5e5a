"""Score distillation of many pictures at once: SD-piXL's settings, and short runs from a picture.

Written from lib/distill/distill_step.ts and what it calls. Its steps were not compared with the
toolkit's; the results of SD-piXL's settings were (RESULTS.md).
"""

import copy
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

LUMA = (0.2989, 0.587, 0.114)


@dataclass
class Settings:
    """Keys of the config. The defaults are those of the preset `paper`."""

    steps: int = 1000
    guidance: float = 40.0
    learning_rate: float = 0.025
    warmup: int = 250  # steps in which the learning rate grows; 0: it falls as a cosine
    fft: float = 20.0
    times: tuple = (0.98, 0.8, 0.5)  # "bounded_max": from, to, share of the steps; or "linear_falling": from, to
    augmented: bool = True
    gumbel: bool = True
    noises: int = 1  # noises a step: each second one is the opposite of the one before
    gate: float = 0.0  # a pixel moves only where the mean gradient exceeds this many standard errors


@dataclass
class Draw:
    """Random numbers of one step of B pictures."""

    tau: torch.Tensor  # [B]
    gumbel: torch.Tensor  # [B, P, K]
    gray: torch.Tensor  # [B], whether
    flip: torch.Tensor  # [B], whether
    ends: torch.Tensor  # [B, 4, 2], corners after the perspective, x and y from pixel centers
    t: torch.Tensor  # [B], timesteps
    noise: torch.Tensor  # [B, 4, h, w]


def logits_of(colors, palette):
    """Logits [B, P, K] that show colors [B, P, 3], 8-bit values, as `logitsFromColors` with "l1"."""
    logits = -(colors[:, :, None] - palette).abs().sum(-1) / 255 * len(palette) ** 0.5
    logits = logits - logits.mean(-1, keepdim=True)
    norms = logits.norm(dim=-1, keepdim=True)
    return logits * norms.mean(1, keepdim=True) / norms.clamp(min=1e-12)


def fft_weights(size, device):
    """Weights of the frequencies [size, size / 2 + 1], as `fftWeights`; size is even."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    high = torch.hypot(rows - size / 2, columns - size / 2) >= size / (4 * 2**0.5)
    shown = torch.fft.ifftshift(high).float()
    # A frequency and its conjugate have the same magnitude.
    half = shown[:, : size // 2 + 1].clone()
    mirrored = shown.roll((-1, -1), (0, 1)).flip(0, 1)  # at (y, x): the value at (-y, -x)
    half[:, 1 : size // 2] += mirrored[:, 1 : size // 2]
    return (half / (3 * high.sum() + 1e-8)).to(device)


def corners(side, device):
    last = side - 1.0
    return torch.tensor([[0, 0], [last, 0], [last, last], [0, last]], device=device)


def perspective_grid(ends, side):
    """Grid [B, side, side, 2] for `grid_sample`, of the map that takes the corners to `ends`."""
    starts = corners(side, ends.device).double().expand_as(ends)
    x, y, ends = starts[..., 0], starts[..., 1], ends.double()
    u, v = ends[..., 0], ends[..., 1]
    one, zero = torch.ones_like(u), torch.zeros_like(u)
    rows = torch.cat([torch.stack([u, v, one, zero, zero, zero, -x * u, -x * v], -1),
                      torch.stack([zero, zero, zero, u, v, one, -y * u, -y * v], -1)], 1)  # fmt: skip
    a = torch.linalg.solve(rows, torch.cat([x, y], 1)[..., None])[..., 0].float()[:, :, None, None]
    at = torch.arange(side, device=ends.device) + 0.5
    py, px = torch.meshgrid(at, at, indexing="ij")
    below = a[:, 6] * px + a[:, 7] * py + 1
    across, down = a[:, 0] * px + a[:, 1] * py + a[:, 2], a[:, 3] * px + a[:, 4] * py + a[:, 5]
    return torch.stack([across / below, down / below], -1) * (2 / side) - 1


def augment(images, draw):
    """Grayscale, perspective and flip of images [B, 3, S, S], each where it was drawn."""
    luma = torch.tensor(LUMA, device=images.device).view(1, 3, 1, 1)
    gray = (images * luma).sum(1, keepdim=True).expand_as(images)
    images = torch.where(draw.gray.view(-1, 1, 1, 1), gray, images)
    grid = perspective_grid(draw.ends, images.shape[-1])
    images = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return torch.where(draw.flip.view(-1, 1, 1, 1), images.flip(3), images)


class Distiller:
    def __init__(self, lab, size, colors, settings, seed=0):
        """lab: has the teacher; size: of the picture; colors: [K, 3], 8-bit values."""
        self.teacher, self.size, self.colors, self.settings = lab.teacher, size, colors, settings
        self.side = lab.teacher.shape[1] * 4
        # As in the toolkit, the autoencoder is float32 here: its gradients are small.
        self.encoder = copy.deepcopy(lab.teacher.encoder).float()
        self.weights = fft_weights(size, lab.device) if settings.fft else None
        self.alphas = torch.tensor(lab.teacher.alphas, device=lab.device)
        self.random = torch.Generator(lab.device).manual_seed(seed)

    def rate(self, step):
        s, done = self.settings, step - 1
        if s.warmup:
            return s.learning_rate * min(1.0, done / s.warmup)
        return s.learning_rate * 0.5 * (1 + math.cos(math.pi * done / s.steps))

    def range(self, step):
        s = self.settings
        share = min(1.0, (step - 1) / max(1, s.steps - 1))
        if len(s.times) == 3:
            first, last, reached = s.times
            return 0.02, first - (first - last) * min(1.0, share / reached)
        first, last = s.times
        middle = first - (first - last) * share
        return max(last, middle - 0.05), min(first, middle + 0.05)

    def draw(self, step, logits):
        s, count, device = self.settings, len(logits), logits.device

        def uniform(*shape):
            return torch.rand(count, *shape, generator=self.random, device=device)

        low, high = self.range(step)
        t = ((low + uniform() * (high - low)) * 1000).long().clamp(0, 999)
        gumbel = -(-uniform(*logits.shape[1:]).clamp(min=1e-9).log()).log()
        furthest = math.floor(0.3 * (self.side // 2)) if s.augmented else 0
        moves = (uniform(4, 2) * (furthest + 1)).floor().clamp(max=furthest) * (uniform(1, 1) < 0.5)
        start = corners(self.side, device)
        ends = torch.where(start > 0, start - moves, start + moves)
        return Draw(
            tau=0.5 + uniform() if s.augmented else torch.ones(count, device=device),
            gumbel=gumbel if s.gumbel else torch.zeros_like(gumbel),
            gray=(uniform() < 0.2) & s.augmented,
            flip=(uniform() < 0.5) & s.augmented,
            ends=ends,
            t=t,
            noise=torch.randn(count, *self.teacher.shape, generator=self.random, device=device),
        )

    @torch.no_grad()
    def score(self, latents, draw, texts):
        """Gradient with respect to the latents."""
        a = self.alphas[draw.t].view(-1, 1, 1, 1)
        noisy = a**0.5 * latents + (1 - a) ** 0.5 * draw.noise
        both = torch.cat([torch.zeros_like(texts), texts])
        negative, positive = self.teacher.predict(noisy.repeat(2, 1, 1, 1), draw.t.repeat(2), both).chunk(2)
        return ((1 - a) * (positive - draw.noise + self.settings.guidance * (positive - negative))).nan_to_num(0, 0, 0)

    def gradient(self, logits, draw, texts):
        """Gradient [B, P, K] with respect to the logits."""
        logits = logits.detach().requires_grad_()
        with torch.enable_grad():
            shares = ((logits + draw.gumbel) / draw.tau.view(-1, 1, 1)).softmax(-1)
            image = (shares @ (self.colors / 255)).transpose(1, 2).reshape(len(logits), 3, self.size, self.size)
            seen = F.interpolate(image, size=(self.side, self.side), mode="bilinear", align_corners=False)
            seen = augment(seen, draw) if self.settings.augmented else seen
            latents = self.encoder(seen * 2 - 1) * self.teacher.scale
            loss = (latents * self.score(latents.detach(), draw, texts)).sum()
            if self.settings.fft:
                magnitudes = torch.view_as_real(torch.fft.rfft2(image)).square().sum(-1).clamp(min=1e-20).sqrt()
                loss = loss + self.settings.fft * (magnitudes * self.weights).sum()
            return torch.autograd.grad(loss, logits)[0]

    def step(self, step, logits, moments, texts):
        draw, s = self.draw(step, logits), self.settings
        parts = []
        for i in range(s.noises):
            draw = draw if i == 0 else self.draw(step, logits) if i % 2 == 0 else Draw(**{**vars(draw), "noise": -draw.noise})
            parts.append(self.gradient(logits, draw, texts))
        grad = torch.stack(parts).mean(0)
        if s.gate:
            error = torch.stack(parts).std(0) / s.noises**0.5
            grad = grad * (grad.norm(dim=-1, keepdim=True) > s.gate * error.norm(dim=-1, keepdim=True))
        return self.update(step, logits, moments, grad)

    def update(self, step, logits, moments, grad):
        """AdamW with a clipped gradient, in place; then the logits of a pixel are centered."""
        rate = self.rate(step)
        grad = grad * (1 / (grad.flatten(1).norm(dim=1) + 1e-6)).clamp(max=1).view(-1, 1, 1)
        first, second = moments
        first.mul_(0.9).add_(grad, alpha=0.1)
        second.mul_(0.999).addcmul_(grad, grad, value=0.001)
        root = second.sqrt() / (1 - 0.999**step) ** 0.5 + 1e-8
        logits.mul_(1 - rate * 0.01).sub_(rate / (1 - 0.9**step) * first / root)
        logits.sub_(logits.mean(-1, keepdim=True))
        return logits

    def run(self, logits, texts, seen=None, last=None):
        """Distills pictures. seen(step, logits) is called after each step. last: the last step, if not
        that of the settings. Returns the pictures [B, P]."""
        logits = logits.clone()
        moments = torch.zeros_like(logits), torch.zeros_like(logits)
        for step in range(1, (last or self.settings.steps) + 1):
            self.step(step, logits, moments, texts)
            if seen:
                seen(step, logits)
        return logits.argmax(-1)
