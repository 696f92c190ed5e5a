"""The teacher `mini` in PyTorch: samples, denoising errors and edits of many pictures at once.

Written from lib/guidance/samplers.ts, denoising_errors.ts and projected_sampling.ts. Latents are
scaled, as in the toolkit.
"""

import re
import sys
import types

import torch
import torch.nn.functional as F

TRAINING = "assets/models/mini/training"


def import_training(root):
    sys.path.insert(0, f"{root}/{TRAINING}")
    try:
        import regex  # noqa: F401
    except ImportError:  # The prompts here are plain words, for which this is enough.
        letters = {r"[\p{L}]": r"[^\W\d_]", r"[\p{N}]": r"\d", r"[^\s\p{L}\p{N}]": r"(?:[^\s\w]|_)"}

        def compile_(pattern):
            for own, plain in letters.items():
                pattern = pattern.replace(own, plain)
            return re.compile(pattern)

        sys.modules["regex"] = types.SimpleNamespace(compile=compile_)
    if not hasattr(F, "scaled_dot_product_attention"):  # PyTorch before 2.0
        def attention(q, k, v, is_causal=False):
            scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
            if is_causal:
                scores = scores + torch.full(scores.shape[-2:], -1e9, device=q.device, dtype=q.dtype).triu(1)
            return scores.softmax(-1) @ v

        F.scaled_dot_product_attention = attention


def ddim_times(steps):
    """Timesteps of a sample, falling: "trailing" spacing. Halves are rounded to even numbers."""
    return [round(1000 - i * 1000 / steps) - 1 for i in range(steps)]


def edit_times(steps, strength):
    return [t for t in ddim_times(steps) if t <= strength * 1000]


class Teacher:
    def __init__(self, root, folder, prompts, kind, rows):
        """prompts: of all pictures; kind: type of the networks' numbers; rows: largest batch."""
        import_training(root)
        import networks
        from export import device, load, load_tokenizer

        self.device, self.kind, self.rows = device(), kind, rows
        tokenizer = load_tokenizer(folder)
        net, vae, _ = load(folder, tokenizer)
        self.alphas = networks.alphas_cumprod().tolist()
        self.shape = (4, networks.LATENT, networks.LATENT)
        ids, ids_2 = (
            torch.tensor([tokenizer.encode(text, pad) for text in ["", *prompts]], device=self.device)
            for pad in ("<|endoftext|>", "!")
        )
        with torch.no_grad():
            parts = [net.conditions(ids[i : i + 256], ids_2[i : i + 256]) for i in range(0, len(ids), 256)]
        self.states, self.pooled = (torch.cat(part).to(kind) for part in zip(*parts))
        form = torch.channels_last if self.device == "cuda" else torch.contiguous_format
        self.unet = net.unet.to(kind).to(memory_format=form)
        self.encoder, self.decoder = (part.to(kind).to(memory_format=form) for part in (vae.encoder, vae.decoder))
        self.scale = vae.scaling_factor
        self.count = 0  # rows of the UNet so far

    @torch.no_grad()
    def predict(self, noisy, t, texts):
        """Noise in latents [B, 4, h, w]; texts [B]: index of each row's prompt from 1, 0 for the negative one.

        t: the timestep, a number or [B].
        """
        parts = []
        times = t if isinstance(t, torch.Tensor) else torch.full((len(noisy),), t, device=self.device)
        for x, when, at in zip(noisy.split(self.rows), times.split(self.rows), texts.split(self.rows)):
            parts.append(self.unet(x.to(self.kind), when, self.states[at], self.pooled[at]).float())
            self.count += len(x)
        return torch.cat(parts)

    def both(self, noisy, t, texts):
        """Noise without and with the prompt."""
        return self.predict(noisy, t, torch.zeros_like(texts)), self.predict(noisy, t, texts)

    @torch.no_grad()
    def decode(self, latents):
        """Latents to images [B, 3, H, W] of 8-bit values."""
        parts = [self.decoder((some / self.scale).to(self.kind)).float() for some in latents.split(256)]
        return ((torch.cat(parts) + 1) / 2 * 255 + 0.5).floor().clamp(0, 255)

    @torch.no_grad()
    def encode(self, images):
        """Images [B, 3, H, W] in [0, 1] to latents."""
        parts = [self.encoder((some * 2 - 1).to(self.kind)).float() for some in images.split(256)]
        return torch.cat(parts) * self.scale

    def clean(self, x, noise, t):
        a = self.alphas[t]
        return ((x - (1 - a) ** 0.5 * noise) / a**0.5).clamp(-4, 4)

    def noised(self, clean, noise, t):
        a = self.alphas[t]
        return a**0.5 * clean + (1 - a) ** 0.5 * noise

    def between(self, x, clean, t):
        a = self.alphas[t]
        return (x - a**0.5 * clean) / (1 - a) ** 0.5

    def sample(self, noise, texts, steps, guidance, seen=None):
        """DDIM. seen(step, clean, negative, positive) is called after each call of the UNet."""
        x, stride = noise, 1000 // steps
        for i, t in enumerate(ddim_times(steps)):
            negative, positive = self.both(x, t, texts)
            clean = self.clean(x, negative + guidance * (positive - negative), t)
            if seen:
                seen(i, clean, negative, positive)
            epsilon = self.between(x, clean, t)
            x = self.noised(clean, epsilon, t - stride) if t >= stride else clean
        return x

    def edit(self, clean, noise, texts, times, guidance, constraint):
        """DDIM under a constraint. clean: None for pure noise. Returns what the constraint projects last."""
        x = noise if clean is None else self.noised(clean, noise, times[0])
        for i, t in enumerate(times):
            negative, positive = self.both(x, t, texts)
            predicted = self.clean(x, negative + guidance * (positive - negative), t)
            if i == len(times) - 1:
                return constraint.project(self.decode(predicted))
            weight = i / (len(times) - 1)
            moved = predicted
            if weight > 0:
                decoded = self.decode(predicted)
                projected = self.encode(constraint.render(constraint.project(decoded)))
                moved = predicted + weight * (projected - self.encode(decoded / 255))
            x = self.noised(moved, self.between(x, moved, t), times[i + 1])

    def errors(self, latents, texts, times, noises, guided=True):
        """Mean squared errors of the noise, [B, times, noises] each.

        Returns those with the prompt, without it, and the mean square of the difference of both
        predictions; the last two only if `guided`. From these follows the error at any guidance.
        """
        out = torch.zeros(3 if guided else 1, len(latents), len(times), len(noises), device=self.device)
        for i, time in enumerate(times):
            t = round(time * 999)
            for j, noise in enumerate(noises):
                noisy = self.noised(latents, noise, t)
                positive = self.predict(noisy, t, texts)
                out[0, :, i, j] = ((positive - noise) ** 2).mean((1, 2, 3))
                if guided:
                    negative = self.predict(noisy, t, torch.zeros_like(texts))
                    out[1, :, i, j] = ((negative - noise) ** 2).mean((1, 2, 3))
                    out[2, :, i, j] = ((positive - negative) ** 2).mean((1, 2, 3))
        return out
