"""Trains `mini` from named pictures on all CUDA devices of a machine and writes the model folder.

    python3 collect_pictures.py --out build/pictures
    python3 train.py --pictures build/pictures --out ..

--pictures takes folders of pictures with captions (pictures.py describes them), or tar files of
such folders. With a few hundred sprites of yours, the model in --out is trained further.

Stages: autoencoder, teacher (text encoders and UNet), ControlNet and, at the same time, the judge.
Each has a time budget in seconds; the learning rate follows the clock. If the model folder has an
autoencoder, it is kept. If it has a teacher and a ControlNet, they are trained further (use --seed
1, 2, … for new scenes); delete them to start again. An interrupted training resumes from
build/state.pt. Needs PyTorch, safetensors, regex, numpy, Pillow.
"""

import argparse
import copy
import math
import os
import sys
import threading
import time

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import networks
import parallel
from captions import grammar_words
from clock import Clock
from export import export, export_part, export_teacher, has, load, load_autoencoder, load_tokenizer, use_config
from judge import train_judge
from networks import LATENT, LENGTH
from pictures import PIXEL, Library
from scenes import Painter, batches
from stepper import Step, Weights
from tokenizer import EOS, Tokenizer

HELD_OUT = 40  # every 40th picture is unknown to the autoencoder, for an honest PSNR
SAVE = 120  # seconds between two checkpoints


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
    net = networks.Autoencoder().cuda().to(memory_format=torch.channels_last)
    weights = Weights(net.parameters(), decay=1e-4, average=0.999)

    def loss(pictures, noise):
        latents = net.encoder(pictures)
        decoded, latents = net.decoder(latents + noise * 0.03).float(), latents.float()
        # Keeps latents near unit spread, within the decoder's soft clamp at 3.
        bounds = 1e-3 * (latents**2).mean() + 0.01 * F.relu(latents.abs() - 2.5).mean()
        return F.mse_loss(decoded, pictures) * 2 + F.l1_loss(decoded, pictures) * 0.5 + bounds

    step, clock = Step(loss, weights), Clock("vae", args.vae_seconds, 1.5e-3, 200)
    for batch in batches(rows, tokenizer, args.vae_batch, seed=10 + parallel.RANK, keep=known):
        with torch.no_grad():
            pictures = painter.draw(batch)
            pictures[::12] = pixelated(pictures[::12])
            pictures = (pictures * 2 - 1).contiguous(memory_format=torch.channels_last)
            noise = torch.randn(len(pictures), 4, LATENT, LATENT, device="cuda")
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


class Noiser:
    """Pictures to noisy latents."""

    def __init__(self, vae, painter):
        self.encoder = copy.deepcopy(vae.encoder).half().to(memory_format=torch.channels_last)
        self.scale, self.painter = vae.scaling_factor, painter
        self.alphas = networks.alphas_cumprod().cuda()

    @torch.no_grad()
    def __call__(self, batch):
        pictures = self.painter.draw(batch)
        latents = self.encoder((pictures * 2 - 1).half().contiguous(memory_format=torch.channels_last))
        latents = latents.float() * self.scale
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (len(latents),), device="cuda")
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


def teacher_loss(teacher):
    alphas = networks.alphas_cumprod().cuda()

    def loss(noisy, noise, timesteps, ids, ids_2):
        return weighted_loss(teacher(ids, ids_2, noisy.to(torch.bfloat16), timesteps), noise, timesteps, alphas)

    return loss


def compile_ahead(args):
    """Fills the compiler's cache, on each device: in separate processes while the autoencoder
    trains."""
    start, tokenizer = time.time(), vocabulary(args)
    if has(args.out, "unet"):
        use_config(args.out)
    teacher = networks.Teacher(len(tokenizer.ids), tokenizer.ids[EOS]).cuda().to(memory_format=torch.channels_last)
    weights = Weights(teacher.parameters(), half=True, average=args.average)
    noisy, noise = (
        torch.randn(args.batch, 4, LATENT, LATENT, device="cuda").contiguous(memory_format=torch.channels_last)
        for _ in range(2)
    )
    ids = torch.randint(0, len(tokenizer.ids), (args.batch, LENGTH), device="cuda")
    step = Step(teacher_loss(teacher), weights, compiled=True)
    step.inputs = {
        "noisy": noisy, "noise": noise, "timesteps": torch.randint(0, 1000, (args.batch,), device="cuda"),
        "ids": ids, "ids_2": ids.clone(),
    }  # fmt: skip
    step.run()
    weights.step(0.0)
    torch.cuda.synchronize()
    print(f"compiled in {time.time() - start:.0f} s", flush=True)


def save_in_background(weights, path: str, clock, running):
    """Copies the state to the host and writes it in another thread."""
    if running and running[-1].is_alive():
        return
    state = {name: tensor.to("cpu") for name, tensor in weights.state().items()}
    state |= {"steps": weights.steps, "clock_step": clock.step, "spent": clock.spent()}

    def write():
        torch.save(state, path + ".new")
        os.replace(path + ".new", path)

    running.append(threading.Thread(target=write))
    running[-1].start()


def train_teacher(noiser, rows, tokenizer, teacher, args):
    weights = Weights(teacher.parameters(), half=True, average=args.average)
    size, unet_size = len(weights.vector), sum(p.numel() for p in teacher.unet.parameters())
    parallel.say(f"teacher: {size / 1e6:.1f} M, UNet {unet_size / 1e6:.1f} M")
    spent = step0 = 0
    if os.path.exists(args.state):
        saved = weights.restore(args.state)
        step0, spent = saved["clock_step"], saved["spent"]
        parallel.say(f"teacher: resumes at step {step0}")

    step = Step(teacher_loss(teacher), weights, compiled=not args.eager)
    clock = Clock("teacher", args.teacher_seconds, args.rate, args.warmup, step0, spent, args.seconds_file)
    writers, saved_at = [], time.time()
    mark = None
    for batch in batches(rows, tokenizer, args.batch, seed=args.seed * 100 + 30 + parallel.RANK + step0):
        _, inputs = noiser(batch)
        clock.tick(step(clock.rate_now(), **inputs))
        if clock.step - step0 == 20:
            torch.cuda.synchronize()
            mark = time.time()
        if not clock.running():
            break
        if time.time() - saved_at > SAVE and parallel.RANK == 0:
            saved_at = time.time()
            save_in_background(weights, args.state, clock, writers)
    torch.cuda.synchronize()
    speed = (clock.step - step0 - 20) * args.batch * parallel.WORLD / (time.time() - mark) if mark else 0
    if args.profile:
        profile(noiser, step, weights, batch, args)
    weights.take_average()
    for writer in writers:
        writer.join()
    parallel.say(f"teacher: {clock.step} steps of {args.batch * parallel.WORLD}, {speed:.0f} pictures a second,"
                 f" loss {clock.loss.item():.4f}")
    return teacher.eval().requires_grad_(False), {
        "teacher_steps": clock.step, "teacher_batch": args.batch * parallel.WORLD, "teacher_loss": clock.loss.item(),
        "teacher_pictures_a_second": round(speed), "teacher_seconds": round(clock.spent()),
    }  # fmt: skip


def profile(noiser, step, weights, batch, args):
    def timed(name, function, count=20):
        torch.cuda.synchronize()
        start = time.time()
        for _ in range(count):
            function()
        torch.cuda.synchronize()
        parallel.say(f"profile: {name} {(time.time() - start) / count * 1000:.2f} ms")

    _, inputs = noiser(batch)
    timed("paint", lambda: noiser.painter.draw(batch))
    timed("paint and encode", lambda: noiser(batch))
    timed("forward and backward", step.graph.replay)
    timed("all-reduce and update", lambda: weights.step(0.0))
    parallel.say(f"profile: {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")


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
    net = (net or networks.controlnet(teacher.unet)).cuda().to(memory_format=torch.channels_last)
    weights = Weights(net.requires_grad_(True).parameters(), average=0.998, half=True)
    frozen = copy.deepcopy(teacher).to(torch.bfloat16).to(memory_format=torch.channels_last)
    blank = torch.tensor([tokenizer.encode(""), tokenizer.encode("", "!")], device="cuda")

    def loss(noisy, noise, timesteps, edges, ids, ids_2):
        noisy = noisy.to(torch.bfloat16)
        with torch.no_grad():
            states, pooled = frozen.conditions(ids, ids_2)
        down, middle = net(noisy, timesteps, edges.to(torch.bfloat16), pooled)
        predicted = frozen.unet(noisy, timesteps, states, pooled, down, middle)
        return weighted_loss(predicted, noise, timesteps, noiser.alphas)

    step, clock = Step(loss, weights), Clock("controlnet", args.controlnet_seconds, 3e-4, 200)
    for batch in batches(rows, tokenizer, args.controlnet_batch, seed=args.seed * 100 + 40):
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


def save_exact(path: str, **networks_by_name):
    """Writes float16 weights, to train further without the rounding to 8 bits."""
    save_file({
        f"{name}.{key}": value.half().cpu().contiguous()
        for name, net in networks_by_name.items() for key, value in net.state_dict().items()
    }, path)  # fmt: skip


def make_tokenizer(rows):
    texts = [*grammar_words()]
    for row in rows:
        texts += [row["caption"], row.get("class", ""), row["style"], *row.get("parts", {}).values()]
    return Tokenizer(texts, LENGTH)


def vocabulary(args):
    """The folder's vocabulary, since the text encoders' tables follow it, or one of the pictures'
    captions."""
    return load_tokenizer(args.out) if has(args.out, "text_encoder") else make_tokenizer(Library.load(args.library).rows)


def train(library, args):
    start, log = time.time(), {
        "device": f"{parallel.WORLD} x {torch.cuda.get_device_name()}", "torch": torch.__version__,
        "pictures": len(library.rows), "captions": len({row["caption"] for row in library.rows}),
    }  # fmt: skip
    rows, painter = library.rows, Painter(library.pixels)
    parallel.say(f"{len(rows)} pictures on the devices after {time.time() - start:.0f} s")
    # Existing parts are kept: the autoencoder unchanged, since it defines the latents, and
    # the vocabulary.
    tokenizer = vocabulary(args)
    parallel.say(f"{len(tokenizer.ids)} tokens")
    if has(args.out, "vae"):
        vae = load_autoencoder(args.out)
    else:
        vae, scores = train_autoencoder(painter, rows, tokenizer, args)
        vae = vae.requires_grad_(False)
        if parallel.RANK == 0:
            export_part(args.out, "vae", vae)
        log |= scores
    noiser = Noiser(vae, painter)
    if has(args.out, "unet"):
        teacher, _, net = load(args.out, tokenizer)
        teacher.requires_grad_(True)
    else:
        teacher, net = networks.Teacher(len(tokenizer.ids), tokenizer.ids[EOS]).cuda(), None
    teacher = teacher.to(memory_format=torch.channels_last)
    if args.teacher_seconds:
        teacher, scores = train_teacher(noiser, rows, tokenizer, teacher, args)
        log |= scores
    teacher.eval().requires_grad_(False)
    # The last two are small: with two devices each has one for itself.
    parallel.part()
    if parallel.RANK == 0:
        # Written immediately: the next stage may run out of time.
        export_teacher(args.out, teacher, tokenizer)
        if args.exact:
            save_exact(args.exact, vae=vae, teacher=teacher)
        if args.controlnet_seconds:
            net, scores = train_controlnet(noiser, rows, tokenizer, teacher, net, args)
            log |= scores
        export(args.out, rows, tokenizer, vae, teacher, net, log | {"seconds": round(time.time() - start)})
        print(log, flush=True)
    if args.judge and parallel.RANK == parallel.WORLD - 1:
        train_judge(painter, rows, tokenizer, args.judge_seconds, args.judge)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", default=["build/pictures"], help="folders or tar files")
    parser.add_argument("--library", default="build/library", help="where they are kept, decoded")
    parser.add_argument("--out", default="..", help="the model folder to write")
    parser.add_argument("--state", default="build/state.pt", help="the checkpoint of an interrupted training")
    parser.add_argument("--exact", help="a safetensors file for float16 weights of autoencoder and teacher")
    parser.add_argument("--vae_seconds", type=float, default=110)
    parser.add_argument("--teacher_seconds", type=float, default=1200)
    parser.add_argument("--seconds_file", help="overrides --teacher_seconds, read while training")
    parser.add_argument("--controlnet_seconds", type=float, default=50)
    parser.add_argument("--judge", help="the judge's safetensors file to write")
    parser.add_argument("--judge_seconds", type=float, default=50)
    parser.add_argument("--vae_batch", type=int, default=64, help="batch size of a device")
    parser.add_argument("--batch", type=int, default=256, help="batch size of a device")
    parser.add_argument("--controlnet_batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=500, help="steps in which the rate grows")
    parser.add_argument("--average", type=float, default=0.9995, help="share of the old average kept at a step")
    parser.add_argument("--seed", type=int, default=0, help="seed of the scenes; use a new one to train further")
    parser.add_argument("--channels", type=int, nargs=3, help="widths of the UNet's levels")
    parser.add_argument("--eager", action="store_true", help="does not compile")
    parser.add_argument("--compile_only", action="store_true", help="fills the compiler's cache and stops")
    parser.add_argument("--profile", action="store_true", help="prints the time of each part of a step")
    args = parser.parse_args()
    if args.channels:
        networks.CHANNELS, networks.HEADS = tuple(args.channels), tuple(max(1, c // 32) for c in args.channels)
    if not parallel.is_worker():
        start = time.time()
        known = args.compile_only and has(args.out, "text_encoder")
        if not known and not os.path.exists(f"{args.library}/rows.json"):
            Library.read(args.pictures).save(args.library)
            print(f"pictures decoded in {time.time() - start:.0f} s", flush=True)
        sys.exit(parallel.launch())
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    if args.compile_only:
        torch.cuda.set_device(parallel.RANK)
        parallel.alone()
        return compile_ahead(args)
    parallel.join()
    # Every device draws its own noise; what they share is shared explicitly.
    torch.manual_seed(1 + parallel.RANK + args.seed * 100)
    train(Library.load(args.library), args)


if __name__ == "__main__":
    main()
