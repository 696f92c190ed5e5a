"""Trains the canny ControlNet on edges of the teacher's own pictures."""

import copy

import torch
import torch.nn.functional as F

import networks
from clock import Clock
from export import device
from noising import weighted_loss
from scenes import batches
from stepper import Step, Weights


def canny(pictures):
    """Edges of pictures [B, 3, H, W] as Canny finds them (thresholds 100 and 200 of 255), on the
    GPU."""
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


def train_controlnet(noiser, rows, tokenizer, teacher, net, args):
    on_gpu = device() == "cuda"
    kind = torch.bfloat16 if on_gpu else torch.float32
    net = (net or networks.controlnet(teacher.unet)).to(device()).to(memory_format=torch.channels_last)
    weights = Weights(net.requires_grad_(True).parameters(), average=0.998, half=on_gpu)
    frozen = copy.deepcopy(teacher).to(kind).to(memory_format=torch.channels_last)
    blank = torch.tensor([tokenizer.encode(""), tokenizer.encode("", "!")], device=device())

    def loss(noisy, noise, timesteps, edges, ids, ids_2):
        noisy = noisy.to(kind)
        with torch.no_grad():
            states, pooled = frozen.conditions(ids, ids_2)
        down, middle = net(noisy, timesteps, edges.to(kind), pooled)
        predicted = frozen.unet(noisy, timesteps, states, pooled, down, middle)
        return weighted_loss(predicted, noise, timesteps, noiser.alphas)

    step, clock = Step(loss, weights), Clock("controlnet", args.controlnet_seconds, 3e-4, 200)
    for batch in batches(rows, tokenizer, args.controlnet_batch, seed=args.seed * 100 + 40, workers=args.workers):
        # Half of the prompts are dropped, so that the edges alone must do.
        half = len(batch["ids"]) // 2
        batch["ids"][:half], batch["ids_2"][:half] = blank[0], blank[1]
        pictures, inputs = noiser(batch)
        clock.tick(step(clock.rate_now(), edges=canny(pictures), **inputs))
        if not clock.running():
            break
    weights.take_average()
    print(f"controlnet: {clock.step} steps, loss {clock.loss.item():.4f}", flush=True)
    return net.eval().requires_grad_(False), {"controlnet_steps": clock.step, "controlnet_loss": clock.loss.item()}
