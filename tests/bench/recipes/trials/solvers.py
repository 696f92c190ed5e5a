"""Solvers that draw a sample in few steps, in PyTorch, for many samples at once.

Between two times the clean latents are taken as constant ("ddim") or as linear in lambda, half the
logarithm of signal to noise. Sources: DDIM, Song et al. 2021, https://arxiv.org/abs/2010.02502;
"2m", DPM-Solver++(2M), Lu et al. 2022, https://arxiv.org/abs/2211.01095, Algorithm 2; "unipc", Zhao
et al. 2023, https://arxiv.org/abs/2302.04867, of order 2 with a corrector of order 2. Guidance in a
part of the steps: Kynkäänniemi et al. 2024, https://arxiv.org/abs/2404.07724.
"""

import math
from dataclasses import dataclass, replace

import torch

from teacher import ddim_times


@dataclass(frozen=True)
class Solver:
    """How a sample is drawn; each time costs a call of the teacher."""

    times: tuple  # timesteps, falling
    guidance: tuple  # guidance scale at each time; 1: the prompt alone, one row instead of two
    kind: str = "ddim"  # or "2m" or "unipc"
    last: float = 0.0  # how far the last prediction is extrapolated from the one before
    ends: tuple = ()  # timestep reached after each time, None for clean latents. Default: the next time

    @property
    def steps(self):
        return len(self.times)

    @property
    def rows(self):
        """Rows of the UNet for a sample."""
        return sum(1 if scale == 1 else 2 for scale in self.guidance)

    def __str__(self):
        scales = self.guidance[:1] if len(set(self.guidance)) == 1 else self.guidance
        return " ".join([self.kind, ",".join(map(str, self.times)), "g" + ",".join(f"{scale:g}" for scale in scales),
                         *([f"last {self.last:g}"] if self.last else [])])  # fmt: skip


def trailing(steps, guidance):
    """DDIM of the toolkit: the time after a step is a whole stride below, as in diffusers."""
    times, stride = ddim_times(steps), 1000 // steps
    ends = tuple(t - stride if t >= stride else None for t in times)
    return Solver(tuple(times), (guidance,) * steps, ends=ends)


# How the presets draw a sample of mini: the last two steps have no guidance.
PRESETS = replace(trailing(6, 4.0), guidance=(4, 4, 4, 4, 1, 1))


def half_snr(a):
    return 0.5 * math.log(a / (1 - a))


def ahead(kind, h, before):
    """Share of the last change of the clean latents that a step of length h in lambda adds; before: the last step's length."""
    if kind == "ddim" or before is None:
        return 0.0
    return h / (2 * before) if kind == "2m" else (h / (1 - math.exp(-h)) - 1) / before


@torch.no_grad()
def solve(teacher, noise, texts, solver, seen=None):
    """Samples latents. seen(i, x, noises) is called after each call; noises: without the prompt (None where there is no
    guidance) and with it."""
    x, before = noise, None  # before: x, clean latents, alpha and lambda of the step before
    for i, (t, scale) in enumerate(zip(solver.times, solver.guidance)):
        positive = teacher.predict(x, t, texts)
        negative = None if scale == 1 else teacher.predict(x, t, torch.zeros_like(texts))
        if seen:
            seen(i, x, (negative, positive))
        predicted = positive if negative is None else negative + scale * (positive - negative)
        clean = teacher.clean(x, predicted, t)
        a = teacher.alphas[t]
        now = half_snr(a)
        change = None if before is None else clean - before[1]
        if solver.kind == "unipc" and before is not None:
            h = now - before[3]
            middle = before[1] + (h / (1 - math.exp(-h)) - 1) / h * change
            x = stepped(before[0], middle, before[2], a, h)
        end = (solver.ends or (*solver.times[1:], None))[i]
        if end is None:
            return clean if change is None else clean + solver.last * change
        h = half_snr(teacher.alphas[end]) - now
        share = ahead(solver.kind, h, None if before is None else now - before[3])
        before = x, clean, a, now
        x = stepped(x, clean if share == 0 else clean + share * change, a, teacher.alphas[end], h)
    return x


def stepped(x, clean, a, end, h):
    """The exact step from alpha a to alpha `end`, h apart in lambda, while the clean latents stay."""
    return ((1 - end) / (1 - a)) ** 0.5 * x + end**0.5 * (1 - math.exp(-h)) * clean
