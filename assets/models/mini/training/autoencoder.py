"""Trains the autoencoder, and measures it on pictures that it never saw."""

import math

import torch
import torch.nn.functional as F

import networks
import parallel
from clock import Clock
from export import device
from networks import LATENT
from pictures import PIXEL
from scenes import batches
from stepper import Step, Weights

HELD_OUT = 40  # every 40th picture is unknown to the autoencoder, for an honest PSNR


def pixelated(pictures):
    """Enlarges a low-resolution copy, as distillation does, so that such pictures encode well
    too."""
    side = [16, 24, 32, 48, 64][torch.randint(5, ()).item()]
    small = F.interpolate(pictures, (side, side), mode="area")
    return F.interpolate(small, pictures.shape[-2:], mode="bilinear")


def psnr(a, b) -> float:
    return -10 * math.log10(F.mse_loss(a, b).item())


def known(i: int) -> bool:
    return i % HELD_OUT != 0


def held_out(i: int) -> bool:
    return i % HELD_OUT == 0


def only_sprites(scenes):
    """Draws scenes until one has a single sprite: the autoencoder is measured on these."""
    while True:
        scene = scenes.draw()
        if len(scene[3]) == 1 and scenes.rows[scene[3][0].index]["kind"] & PIXEL:
            return scene


@torch.no_grad()
def measure_autoencoder(net, painter, rows, tokenizer, change):
    for batch in batches(rows, tokenizer, 256, seed=2, workers=1, keep=held_out, change=change):
        pictures = painter.draw(batch) * 2 - 1
        latents = net.encoder(pictures)
        return psnr(net.decoder(latents).clamp(-1, 1) / 2, pictures / 2), latents


def train_autoencoder(painter, rows, tokenizer, args):
    net = networks.Autoencoder().to(device()).to(memory_format=torch.channels_last)
    weights = Weights(net.parameters(), decay=1e-4, average=0.999)

    def loss(pictures, noise):
        latents = net.encoder(pictures)
        decoded, latents = net.decoder(latents + noise * 0.03).float(), latents.float()
        # Keeps latents near unit spread, within the decoder's soft clamp at 3.
        bounds = 1e-3 * (latents**2).mean() + 0.01 * F.relu(latents.abs() - 2.5).mean()
        return F.mse_loss(decoded, pictures) * 2 + F.l1_loss(decoded, pictures) * 0.5 + bounds

    step, clock = Step(loss, weights), Clock("vae", args.vae_seconds, 1.5e-3, 200)
    for batch in batches(rows, tokenizer, args.vae_batch, seed=10 + parallel.RANK, workers=args.workers, keep=known):
        with torch.no_grad():
            pictures = painter.draw(batch)
            pictures[::12] = pixelated(pictures[::12])
            pictures = (pictures * 2 - 1).contiguous(memory_format=torch.channels_last)
            noise = torch.randn(len(pictures), 4, LATENT, LATENT, device=device())
        clock.tick(step(clock.rate_now(), pictures=pictures, noise=noise))
        if not clock.running():
            break
    weights.take_average()
    net.eval()
    score, latents = measure_autoencoder(net, painter, rows, tokenizer, None)
    sprites, _ = measure_autoencoder(net, painter, rows, tokenizer, only_sprites)
    net.scaling_factor = parallel.from_first(round(1 / latents.std().item(), 4))
    parallel.say(f"vae: {clock.step} steps, PSNR on held-out scenes {score:.2f} dB, sprites {sprites:.2f} dB,"
                 f" scaling factor {net.scaling_factor}, latent mean {latents.mean((0, 2, 3)).tolist()}")
    return net, {"vae_steps": clock.step, "vae_psnr_scenes": score, "vae_psnr_sprites": sprites}
