"""Trains `mini` from emoji pictures on all CUDA devices of a machine and writes the model folder.

    python3 render_emoji.py --out build/emoji.npz
    python3 train.py --emoji build/emoji.npz --out ..

Stages: autoencoder, teacher (text encoders and UNet), ControlNet; with --judge also the classifier
of the recipe benchmark. Each has a time budget in seconds; the cosine decay of its learning rate
follows the clock. An autoencoder that the model folder has already is kept, and a teacher and
ControlNet that it has learn on (with --seed 1, 2, … for other scenes); to begin anew, delete them.
Needs torch, diffusers, transformers, safetensors, regex, Pillow.
"""

import argparse
import math
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import networks
import parallel
from captions import grammar_words
from clock import Clock
from export import export, export_part, export_teacher, has, load, load_autoencoder
from judge import train_judge
from scenes import LENGTH, Painter, batches
from stepper import Step, Weights
from tokenizer import Tokenizer

HELD_OUT = 20  # every 20th emoji is unknown to the autoencoder, for an honest PSNR


def pixelated(pictures):
    """Enlarges a low-resolution copy, as distillation does, so that such pictures encode well too."""
    side = int(np.random.choice([16, 24, 32, 48, 64]))
    small = F.interpolate(pictures, (side, side), mode="area")
    return F.interpolate(small, pictures.shape[-2:], mode="bilinear")


def psnr(a, b) -> float:
    return -10 * math.log10(F.mse_loss(a, b).item())


def train_autoencoder(emoji, tokenizer, args):
    kept = np.arange(len(emoji["names"])) % HELD_OUT != 0
    known = {key: value[kept] for key, value in emoji.items()}
    held = {key: value[~kept] for key, value in emoji.items()}
    net = networks.autoencoder().cuda().to(memory_format=torch.channels_last)
    weights = Weights(net.parameters(), decay=1e-4, average=0.999)

    def loss(pictures, noise):
        latents = net.encoder(pictures)
        decoded, latents = net.decoder(latents + noise * 0.03).float(), latents.float()
        # Keeps latents near unit spread, within the decoder's soft clamp at 3.
        bounds = 1e-3 * (latents**2).mean() + 0.01 * F.relu(latents.abs() - 2.5).mean()
        return F.mse_loss(decoded, pictures) * 2 + F.l1_loss(decoded, pictures) * 0.5 + bounds

    painter, step, clock = Painter(known["pictures"]), Step(loss, weights), Clock("vae", args.vae_seconds, 1e-3, 200)
    for batch in batches(known, tokenizer, args.vae_batch, seed=10 + parallel.RANK):
        with torch.no_grad():
            pictures = painter.draw(batch)
            pictures[::8] = pixelated(pictures[::8])
            pictures = (pictures * 2 - 1).contiguous(memory_format=torch.channels_last)
            noise = torch.randn(len(pictures), 4, networks.LATENT, networks.LATENT, device="cuda")
        clock.tick(step(clock.rate_now(), pictures=pictures, noise=noise))
        if not clock.running():
            break
    weights.take_average()
    net.eval()
    with torch.no_grad():
        painter = Painter(held["pictures"])
        for batch in batches(held, tokenizer, 256, seed=2, workers=1):
            pictures = painter.draw(batch) * 2 - 1
            latents = net.encoder(pictures)
            decoded = net.decoder(latents).clamp(-1, 1)
            score = psnr(decoded / 2, pictures / 2)
            break
    net.register_to_config(scaling_factor=parallel.from_first(round(1 / latents.std().item(), 4)))
    parallel.say(f"vae: {clock.step} steps, PSNR on held-out emoji {score:.2f} dB,"
                 f" scaling factor {net.config.scaling_factor}, latent mean {latents.mean((0, 2, 3)).tolist()}")
    return net, {"vae_steps": clock.step, "vae_psnr_held_out": score}


@torch.no_grad()
def noisy_latents(vae, painter, batch, alphas):
    pictures = painter.draw(batch)
    with torch.autocast("cuda", torch.bfloat16):
        latents = vae.encoder((pictures * 2 - 1).contiguous(memory_format=torch.channels_last))
    latents = latents.float() * vae.config.scaling_factor
    noise = torch.randn_like(latents)
    timesteps = torch.randint(0, 1000, (len(latents),), device="cuda")
    a = alphas[timesteps].view(-1, 1, 1, 1)
    noisy = (a.sqrt() * latents + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
    ids = {name: batch[name] for name in ("input_ids", "input_ids_2")}
    return pictures, {"noisy": noisy, "noise": noise, "timesteps": timesteps, **ids}


def weighted_loss(predicted, noise, timesteps, alphas):
    """Mean squared error of the noise under min-SNR-5 weights (Hang et al. 2023)."""
    snr = alphas[timesteps] / (1 - alphas[timesteps])
    weight = snr.clamp(max=5) / snr
    return (((predicted.float() - noise) ** 2).mean((1, 2, 3)) * weight).mean()


def train_teacher(emoji, tokenizer, vae, teacher, args):
    weights = Weights(teacher.parameters())
    size, unet_size = len(weights.vector), sum(p.numel() for p in teacher.unet.parameters())
    parallel.say(f"teacher: {size / 1e6:.1f} M, UNet {unet_size / 1e6:.1f} M")
    alphas = networks.scheduler().alphas_cumprod.cuda()

    def loss(noisy, noise, timesteps, **ids):
        return weighted_loss(teacher(ids, noisy, timesteps), noise, timesteps, alphas)

    painter, step = Painter(emoji["pictures"]), Step(loss, weights)
    clock = Clock("teacher", args.teacher_seconds, args.rate, args.warmup)
    for batch in batches(emoji, tokenizer, args.batch, seed=args.seed * 100 + 30 + parallel.RANK):
        _, inputs = noisy_latents(vae, painter, batch, alphas)
        clock.tick(step(clock.rate_now(), **inputs))
        if not clock.running():
            break
    weights.take_average()
    parallel.say(f"teacher: {clock.step} steps of {args.batch * parallel.WORLD}")
    return teacher.eval().requires_grad_(False), {"teacher_steps": clock.step, "teacher_loss": clock.loss.item()}


def canny(pictures):
    """Edges of pictures [B, 3, H, W] as Canny finds them (thresholds 100 and 200 of 255), on the GPU."""
    gray = pictures * 255
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=pictures.device)
    kernels = torch.stack([kernel, kernel.T])[:, None].repeat(3, 1, 1, 1)
    gradient = F.conv2d(F.pad(gray, (1, 1, 1, 1), mode="replicate"), kernels, groups=3)
    gradient = gradient.view(len(gray), 3, 2, *gray.shape[-2:])
    strength = gradient.abs().sum(2)
    channel = strength.argmax(1, keepdim=True)
    strength = strength.gather(1, channel)
    dx, dy = (gradient[:, :, k].gather(1, channel) for k in (0, 1))
    around = F.pad(strength, (1, 1, 1, 1))

    def shifted(x, y):
        h, w = strength.shape[-2:]
        return around[..., 1 + y : 1 + y + h, 1 + x : 1 + x + w]

    ratio = dy.abs() / dx.abs().clamp(min=1e-6)
    same = (dx * dy) > 0
    pairs = [(ratio < 0.4142, (1, 0)), (ratio > 2.4142, (0, 1)), (same, (1, 1)), (~same, (1, -1))]
    ridge, taken = torch.zeros_like(strength, dtype=torch.bool), torch.zeros_like(strength, dtype=torch.bool)
    for choose, (x, y) in pairs:
        here = choose & ~taken
        ridge |= here & (strength > shifted(-x, -y)) & (strength >= shifted(x, y))
        taken |= here
    weak, strong = (ridge & (strength > 100)).float(), (ridge & (strength > 200)).float()
    for _ in range(12):
        strong = F.max_pool2d(strong, 3, 1, 1) * weak
    return strong.expand(-1, 3, -1, -1)


def train_controlnet(emoji, tokenizer, vae, teacher, net, args):
    net = (net or networks.controlnet(teacher.unet)).cuda().to(memory_format=torch.channels_last)
    weights = Weights(net.requires_grad_(True).parameters(), average=0.998)
    alphas = networks.scheduler().alphas_cumprod.cuda()
    blank = torch.tensor([tokenizer.encode(""), tokenizer.encode("", "!")], device="cuda")

    def loss(noisy, noise, timesteps, edges, **ids):
        with torch.no_grad():
            conditions = teacher.conditions(ids)
        down, middle = net(noisy, timesteps, controlnet_cond=edges, return_dict=False, **conditions)
        predicted = teacher.unet(
            noisy, timesteps, return_dict=False, **conditions,
            down_block_additional_residuals=down, mid_block_additional_residual=middle,
        )[0]  # fmt: skip
        return weighted_loss(predicted, noise, timesteps, alphas)

    painter, step = Painter(emoji["pictures"]), Step(loss, weights)
    clock = Clock("controlnet", args.controlnet_seconds, 3e-4, 200)
    for batch in batches(emoji, tokenizer, args.batch, seed=args.seed * 100 + 40):
        # Half of the prompts are dropped, so that the edges alone must do.
        half = len(batch["input_ids"]) // 2
        batch["input_ids"][:half], batch["input_ids_2"][:half] = blank[0], blank[1]
        pictures, inputs = noisy_latents(vae, painter, batch, alphas)
        clock.tick(step(clock.rate_now(), edges=canny(pictures), **inputs))
        if not clock.running():
            break
    weights.take_average()
    print(f"controlnet: {clock.step} steps", flush=True)
    return net.eval().requires_grad_(False), {"controlnet_steps": clock.step, "controlnet_loss": clock.loss.item()}


def train(emoji, tokenizer, args):
    start, log = time.time(), {
        "device": f"{parallel.WORLD} x {torch.cuda.get_device_name()}", "torch": torch.__version__,
    }  # fmt: skip
    # What the folder has is kept: the autoencoder as it is, since the latents are its language.
    if has(args.out, "vae"):
        vae = load_autoencoder(args.out)
    else:
        vae, scores = train_autoencoder(emoji, tokenizer, args)
        vae = vae.requires_grad_(False)
        if parallel.RANK == 0:
            export_part(args.out, "vae", vae)
        log |= scores
    if has(args.out, "unet"):
        teacher, _, net = load(args.out, tokenizer)
        teacher.requires_grad_(True)
    else:
        teacher, net = networks.Teacher(tokenizer).cuda(), None
    teacher, scores = train_teacher(emoji, tokenizer, vae, teacher, args)
    log |= scores
    # The last two are small: with two devices each has one for itself.
    parallel.part()
    if parallel.RANK == 0:
        # Written at once: what comes next may run out of time.
        export_teacher(args.out, teacher)
        net, scores = train_controlnet(emoji, tokenizer, vae, teacher, net, args)
        log |= scores | {"seconds": round(time.time() - start)}
        export(args.out, emoji, tokenizer, vae, teacher, net, log)
        print(log, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emoji", default="build/emoji.npz")
    parser.add_argument("--out", default="..", help="the model folder to write")
    parser.add_argument("--vae_seconds", type=float, default=100)
    parser.add_argument("--teacher_seconds", type=float, default=300)
    parser.add_argument("--controlnet_seconds", type=float, default=50)
    parser.add_argument("--judge", help="the classifier's safetensors file to write")
    parser.add_argument("--judge_seconds", type=float, default=50)
    parser.add_argument("--only_judge", action="store_true", help="leaves the teacher as it is")
    parser.add_argument("--vae_batch", type=int, default=48, help="a device")
    parser.add_argument("--batch", type=int, default=128, help="a device")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=500, help="steps in which the rate grows")
    parser.add_argument("--seed", type=int, default=0, help="of the scenes; another one to go on")
    args = parser.parse_args()
    if args.only_judge and not args.judge:
        parser.error("--only_judge needs --judge, the file to write")
    if not parallel.is_worker():
        sys.exit(parallel.launch())
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    with np.load(args.emoji) as file:
        emoji = {key: file[key] for key in file.files}
    tokenizer = Tokenizer([*emoji["names"], *emoji["spellings"], *grammar_words()], LENGTH)
    parallel.join()
    # Every device draws its own noise; what they share is shared explicitly.
    torch.manual_seed(1 + parallel.RANK + args.seed * 100)
    if args.only_judge:
        parallel.part()
    else:
        train(emoji, tokenizer, args)
    if args.judge and parallel.RANK == parallel.WORLD - 1:
        train_judge(emoji, tokenizer, args.judge_seconds, args.judge)


if __name__ == "__main__":
    main()
