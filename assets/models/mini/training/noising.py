"""Noisy latents of pictures, and the loss of the noise that a teacher predicts in them."""

import copy

import torch

import networks
from export import device


class Noiser:
    """Pictures to noisy latents."""

    def __init__(self, vae, painter):
        self.kind = torch.float16 if device() == "cuda" else torch.float32
        self.encoder = copy.deepcopy(vae.encoder).to(self.kind).to(memory_format=torch.channels_last)
        self.scale, self.painter = vae.scaling_factor, painter
        self.alphas = networks.alphas_cumprod().to(device())

    @torch.no_grad()
    def __call__(self, batch):
        pictures = self.painter.draw(batch)
        latents = self.encoder((pictures * 2 - 1).to(self.kind).contiguous(memory_format=torch.channels_last))
        latents = latents.float() * self.scale
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (len(latents),), device=device())
        a = self.alphas[timesteps].view(-1, 1, 1, 1)
        noisy = (a.sqrt() * latents + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
        return pictures, {
            "noisy": noisy, "noise": noise, "timesteps": timesteps, "ids": batch["ids"], "ids_2": batch["ids_2"],
        }  # fmt: skip


def weighted_loss(predicted, noise, timesteps, alphas):
    """Mean squared error of the noise under min-SNR-5 weights (Hang et al. 2023)."""
    snr = alphas[timesteps] / (1 - alphas[timesteps])
    weight = snr.clamp(max=5) / snr
    return (((predicted.float() - noise) ** 2).mean((1, 2, 3)) * weight).mean()
