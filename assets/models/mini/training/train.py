"""Trains `mini` from named pictures on all CUDA devices of a machine and writes the model folder.

    python3 collect_pictures.py --out build/pictures
    python3 train.py --pictures build/pictures --out ..

--pictures takes folders of pictures with captions (pictures.py describes them), or tar files of
such folders. With a few hundred sprites of yours, the model in --out is trained further.

Stages: autoencoder, teacher (text encoders and UNet), ControlNet and, at the same time, the judge.
Each has a time budget in seconds; the learning rate follows the clock. If the model folder has an
autoencoder, it is kept. If it has a teacher and a ControlNet, they are trained further (use --seed
1, 2, … for new scenes); delete them to start again. Needs PyTorch, safetensors, regex, numpy,
Pillow. train_round.py runs all stages of a round, and resumes after a stop.

The teacher's state is kept in --state every two minutes, and when --stop_after seconds are over; the
program then ends with code 3, and the same command resumes. The state of a finished training gives
the next one the optimizer's moments. Without a state, training starts from the folder's weights, or
from those of --exact.
"""

import argparse
import json
import math
import os
import sys
import threading
import time

import torch
from safetensors.torch import load_file, save_file

import checkpoint
import networks
import parallel
from autoencoder import train_autoencoder
from captions import grammar_words
from clock import Clock
from controlnet import train_controlnet
from export import device, export, export_part, export_teacher, has, load, load_autoencoder, load_tokenizer, use_config
from judge import train_judge
from networks import FACTOR, LATENT, LENGTH
from noising import Noiser, weighted_loss
from pictures import Library
from scenes import Painter, batches
from stepper import Step, Weights
from tokenizer import EOS, Tokenizer

# Width and height: what the toolkit takes for pictures of 3:4, 4:3, 2:3 and 3:2, and smaller ones.
BUCKETS = [(112, 144), (144, 112), (96, 144), (144, 96), (96, 128), (128, 96)]
SAVE = 120  # seconds between two checkpoints
STOPPED = 3  # exit code: not done, the same command resumes


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def teacher_loss(teacher):
    alphas = networks.alphas_cumprod().to(device())
    kind = torch.bfloat16 if device() == "cuda" else torch.float32

    def loss(noisy, noise, timesteps, ids, ids_2):
        return weighted_loss(teacher(ids, ids_2, noisy.to(kind), timesteps), noise, timesteps, alphas)

    return loss


def compile_ahead(args):
    """Fills the compiler's cache, on each device: in separate processes while the autoencoder
    trains."""
    start, tokenizer = time.time(), vocabulary(args)
    if has(args.out, "unet"):
        use_config(args.out)
    teacher = networks.Teacher(len(tokenizer.ids), tokenizer.ids[EOS]).to(device()).to(memory_format=torch.channels_last)
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


class StateFolder:
    """Writes the teacher's state now and then, in another thread."""

    def __init__(self, folder: str, weights, clock, seed: int):
        self.folder, self.weights, self.clock, self.seed = folder, weights, clock, seed
        self.thread, self.at = None, time.time()

    def write(self, **more):
        self.wait()
        state = {name: tensor.to("cpu") for name, tensor in self.weights.state().items()}
        numbers = {"steps": self.weights.steps, "clock_step": self.clock.step, "spent": self.clock.spent(), "seed": self.seed, **more}
        self.at = time.time()
        self.thread = threading.Thread(target=checkpoint.save, args=(self.folder, state), kwargs=numbers)
        self.thread.start()

    def write_sometimes(self):
        if time.time() - self.at > SAVE and not (self.thread and self.thread.is_alive()):
            self.write()

    def wait(self):
        if self.thread:
            self.thread.join()


def restore(weights, args):
    """Resumes from the state folder. Returns the clock's step and the seconds spent."""
    saved = checkpoint.load(args.state)
    if saved is None:
        return 0, 0.0
    tensors, numbers = saved
    if numbers.get("done") or "vector" not in tensors:
        # The moments of an earlier round; the weights are those of the folder.
        tensors = {name: tensor for name, tensor in tensors.items() if name.startswith("moment")}
        weights.restore(tensors, numbers["steps"])
        parallel.say(f"teacher: takes {len(tensors)} moments of {numbers['steps']} steps")
        return 0, 0.0
    weights.restore(tensors, numbers["steps"])
    parallel.say(f"teacher: resumes at step {numbers['clock_step']}, {numbers['spent']:.0f} s")
    return numbers["clock_step"], numbers["spent"]


def train_teacher(noiser, rows, tokenizer, teacher, args):
    weights = Weights(teacher.parameters(), half=device() == "cuda", average=args.average)
    size, unet_size = len(weights.vector), sum(p.numel() for p in teacher.unet.parameters())
    parallel.say(f"teacher: {size / 1e6:.1f} M, UNet {unet_size / 1e6:.1f} M")
    step0, spent = restore(weights, args)
    loss = teacher_loss(teacher)
    # One graph for each size. Those that are not square are not compiled: it would take minutes.
    steps, pool = {}, torch.cuda.graph_pool_handle() if device() == "cuda" else None
    clock = Clock("teacher", args.teacher_seconds, args.rate, args.warmup, step0, spent, args.seconds_file)
    clock.deadline = args.deadline
    folder = StateFolder(args.state, weights, clock, args.seed)
    mark = None
    seed = args.seed * 100 + 30 + parallel.RANK + step0
    for batch in batches(rows, tokenizer, args.batch, seed, args.workers, buckets=args.buckets):
        _, inputs = noiser(batch)
        shape = tuple(batch["size"])  # a loader makes lists of tuples
        if shape not in steps:
            steps[shape] = Step(loss, weights, compiled=not args.eager and shape[0] == shape[1], pool=pool)
        clock.tick(steps[shape](clock.rate_now(), **inputs))
        if clock.step - step0 == 20:
            synchronize()
            mark = time.time()
        if not clock.running():
            break
        if parallel.RANK == 0:
            folder.write_sometimes()
    synchronize()
    speed = (clock.step - step0 - 20) * args.batch * parallel.WORLD / (time.time() - mark) if mark else 0
    if args.profile:
        profile(noiser, steps[shape], weights, batch, args)
    if parallel.RANK == 0:
        folder.write(**({} if clock.stopped else {"done": True}))
        folder.wait()
    parallel.say(f"teacher: {clock.step} steps of {args.batch * parallel.WORLD}, {speed:.0f} pictures a second,"
                 f" loss {clock.loss.item():.4f}")
    if clock.stopped:
        parallel.say(f"teacher: stopped after {clock.spent():.0f} of {clock.seconds:.0f} s; the same command resumes")
        parallel.wait()
        sys.exit(STOPPED)
    weights.take_average()
    return teacher.eval().requires_grad_(False), {
        "teacher_steps": clock.step, "teacher_batch": args.batch * parallel.WORLD, "teacher_loss": clock.loss.item(),
        "teacher_pictures_a_second": round(speed), "teacher_seconds": round(clock.spent()),
    }  # fmt: skip


def profile(noiser, step, weights, batch, args):
    def timed(name, function, count=20):
        synchronize()
        start = time.time()
        for _ in range(count):
            function()
        synchronize()
        parallel.say(f"profile: {name} {(time.time() - start) / count * 1000:.2f} ms")

    _, inputs = noiser(batch)
    timed("paint", lambda: noiser.painter.draw(batch))
    timed("paint and encode", lambda: noiser(batch))
    timed("forward and backward", step.graph.replay)
    timed("all-reduce and update", lambda: weights.step(0.0))
    parallel.say(f"profile: {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")


def save_exact(path: str, **networks_by_name):
    """Writes float16 weights, to train further without the rounding to 8 bits."""
    save_file({
        f"{name}.{key}": value.half().cpu().contiguous()
        for name, net in networks_by_name.items() for key, value in net.state_dict().items()
    }, path)  # fmt: skip


def load_exact(path: str, teacher):
    """Reads what `save_exact` wrote."""
    stored = load_file(path)
    teacher.load_state_dict({key[8:]: value.float() for key, value in stored.items() if key.startswith("teacher.")})


def boost(rows, path: str):
    """Draws names of a list of weak.py more often."""
    with open(path, encoding="utf8") as file:
        weak = json.load(file)["boost"]
    for row in rows:
        row["boost"] = weak.get(row["caption"], 1.0)


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
        "device": f"{parallel.WORLD} x {torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU'}", "torch": torch.__version__,
        "pictures": len(library.rows), "captions": len({row["caption"] for row in library.rows}),
    }  # fmt: skip
    rows, painter = library.rows, Painter(library.pixels)
    if args.weak:
        boost(rows, args.weak)
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
        if args.exact and os.path.exists(args.exact):
            load_exact(args.exact, teacher)
            parallel.say(f"teacher: weights of {args.exact}")
        teacher.requires_grad_(True)
    else:
        teacher, net = networks.Teacher(len(tokenizer.ids), tokenizer.ids[EOS]).to(device()), None
    teacher = teacher.to(memory_format=torch.channels_last)
    if args.teacher_seconds:
        teacher, scores = train_teacher(noiser, rows, tokenizer, teacher, args)
        log |= scores
    teacher.eval().requires_grad_(False)
    # The last two are small: with two devices each has one for itself.
    parallel.part()
    if parallel.RANK == 0:
        # Written immediately: the next stage may run out of time.
        if args.teacher_seconds:
            export_teacher(args.out, teacher, tokenizer)
        if args.exact and args.teacher_seconds:
            save_exact(args.exact, vae=vae, teacher=teacher)
        if args.controlnet_seconds:
            net, scores = train_controlnet(noiser, rows, tokenizer, teacher, net, args)
            log |= scores
        if args.teacher_seconds or args.controlnet_seconds:
            export(args.out, rows, tokenizer, vae, teacher, net, log | {"seconds": round(time.time() - start)})
            print(log, flush=True)
    if args.judge and parallel.RANK == parallel.WORLD - 1:
        train_judge(painter, rows, tokenizer, args.judge_seconds, args.judge, args.judge_batch, args.workers)


def size(text: str):
    """'96x128' -> (96, 128), width first."""
    width, height = map(int, text.split("x"))
    if width % (4 * FACTOR) or height % (4 * FACTOR):
        raise argparse.ArgumentTypeError(f"{text}: multiples of {4 * FACTOR} are needed")
    return width, height


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", default=["build/pictures"], help="folders or tar files")
    parser.add_argument("--library", default="build/library", help="where they are kept, decoded")
    parser.add_argument("--out", default="..", help="the model folder to write")
    parser.add_argument("--state", default="build/state", help="the folder of the teacher's state")
    parser.add_argument("--stop_after", type=float, help="seconds; ends with code 3 if the teacher is not trained then")
    parser.add_argument("--exact", help="a safetensors file for float16 weights; read if it exists, and written")
    parser.add_argument("--weak", help="a list of names that are drawn more often, by weak.py")
    parser.add_argument("--buckets", nargs="*", type=size, default=BUCKETS, help="sizes besides 128x128, multiples of 16")
    parser.add_argument("--workers", type=int, default=6, help="processes that draw scenes, for each device")
    parser.add_argument("--processes", type=int, help="instead of one for each device: to try it on a CPU")
    parser.add_argument("--vae_seconds", type=float, default=110)
    parser.add_argument("--teacher_seconds", type=float, default=1200)
    parser.add_argument("--seconds_file", help="overrides --teacher_seconds, read while training")
    parser.add_argument("--controlnet_seconds", type=float, default=50)
    parser.add_argument("--judge", help="the judge's safetensors file to write")
    parser.add_argument("--judge_seconds", type=float, default=50)
    parser.add_argument("--vae_batch", type=int, default=64, help="batch size of a device")
    parser.add_argument("--batch", type=int, default=256, help="batch size of a device")
    parser.add_argument("--controlnet_batch", type=int, default=128)
    parser.add_argument("--judge_batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=500, help="steps in which the rate grows")
    parser.add_argument("--average", type=float, default=0.9995, help="share of the old average kept at a step")
    parser.add_argument("--seed", type=int, default=0, help="seed of the scenes; use a new one to train further")
    parser.add_argument("--channels", type=int, nargs=3, help="widths of the UNet's levels")
    parser.add_argument("--eager", action="store_true", help="does not compile")
    parser.add_argument("--compile_only", action="store_true", help="fills the compiler's cache and stops")
    parser.add_argument("--profile", action="store_true", help="prints the time of each part of a step")
    args = parser.parse_args()
    # All processes of a run share the end; the parent hands it down.
    start = float(os.environ.setdefault("TRAINING_BEGAN", str(time.time())))
    args.deadline = start + args.stop_after if args.stop_after else math.inf
    if args.channels:
        networks.CHANNELS, networks.HEADS = tuple(args.channels), tuple(max(1, c // 32) for c in args.channels)
    if not parallel.is_worker():
        start = time.time()
        known = args.compile_only and has(args.out, "text_encoder")
        if not known and not os.path.exists(f"{args.library}/rows.json"):
            Library.read(args.pictures).save(args.library)
            print(f"pictures decoded in {time.time() - start:.0f} s", flush=True)
        sys.exit(parallel.launch(args.processes))
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
