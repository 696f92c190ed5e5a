"""Measures what a recipe of samples may do with its teacher calls: how many samples, of how many
steps and which guidance, by which denoising errors one is chosen, and what edits add.

    python3 trials.py --out trials.npz                  # on a GPU: about 9 min
    python3 trials.py --out t.npz --names 4 --samples 3 # a small trial on the CPU
    python3 report.py trials.npz                        # the tables

It draws names of the judge, none of them a prompt of the hard sets, and samples each several times.
All that decides between samples is written beside the judge's answers, so the report compares rules
without sampling again. Needs PyTorch 2, numpy, safetensors and regex; PyTorch 1.13 on the CPU.
"""

import argparse
import json
import os
import random
import time
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

import projection as P
from clip_torch import clip
from distillation import Distiller, Settings, logits_of
from judge_torch import Judge
from solvers import solve, trailing
from teacher import Teacher, edit_times

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../../../.."))
SIDE, STEPS, GUIDANCE = 128, 6, 3.0
LIMITS = (0.021, 0.084)  # of orphan pixels: those before `cleaning` was measured
MAIN = [(16, "sweetie-16"), (32, "sweetie-16")]
OTHER = [(12, "sweetie-16"), (24, "sweetie-16"), (16, "game-boy"), (32, "game-boy")]


def read_json(path):
    with open(f"{HERE}/../{path}", encoding="utf8") as file:
        return json.load(file)


class Constraint:
    def __init__(self, size, colors):
        self.size, self.colors = size, colors

    def project(self, images):
        return P.project(images, self.size, self.colors, LIMITS)

    def render(self, pictures):
        return P.enlarge(P.colored(pictures, self.size, self.colors), SIDE, "nearest")


class Names:
    """Prompts with their captions and their noises. Candidates of a name are beside each other."""

    def __init__(self, lab, first, captions, seed):
        """first: index of the first prompt among the teacher's."""
        self.lab, self.captions, self.count, self.seed = lab, captions, len(captions), seed
        self.first = first

    def first_of(self, count):
        """The first names alone. Their noises are other ones."""
        return Names(self.lab, self.first, self.captions[:count], self.seed)

    def texts(self, m):
        return (torch.arange(self.count, device=self.lab.device) + self.first + 1).repeat_interleave(m)

    def noise(self, salt, m=1):
        """Own noise of each candidate."""
        at = torch.Generator(self.lab.device).manual_seed(self.seed * 1000 + salt + self.lab.seed * 100_000)
        return torch.randn(self.count * m, *self.lab.teacher.shape, generator=at, device=self.lab.device)

    def shared(self, m):
        """Two noises and their opposites, shared by the candidates of a name."""
        first, second = (self.noise(salt).repeat_interleave(m, 0) for salt in (900, 901))
        return [first, -first, second, -second]


class Lab:
    def __init__(self, args):
        hard = read_json("hard_prompts.json")["sets"]
        old = read_json("prompts.json")["sets"]
        all_names = read_json("judge/names.json")
        captions = [p["name"] for part in (old, hard) for prompts in part.values() for p in prompts if "name" in p]
        taken = {p.get("name") for prompts in hard.values() for p in prompts}
        drawn = random.Random(0).sample([name for name in all_names if name not in taken], args.names)
        game = [p for p in [*hard["game48"], *hard["combined24"]] if "name" in p][: args.names]
        kind = {"auto": torch.float16 if torch.cuda.is_available() else torch.float32}.get(args.kind) or getattr(torch, args.kind)
        prompts = [*drawn, *(p["prompt"] for p in game for _ in range(3))]
        self.teacher = Teacher(ROOT, args.model, prompts, kind, args.rows)
        self.device = self.teacher.device
        self.judge = Judge(list(dict.fromkeys([*all_names, *captions])), self.device)
        self.names = Names(self, 0, drawn, 1)
        self.game = Names(self, len(drawn), [p["name"] for p in game for _ in range(3)], 2)
        self.game48 = self.game.first_of(3 * min(len(game), sum("name" in p for p in hard["game48"])))
        self.palettes = {name: P.palette(name).to(self.device) for name in ("sweetie-16", "game-boy")}
        self.m, self.results, self.kept = args.samples, {}, {}
        self.clip, self.seed = args.clip, args.seed
        self.is_small = args.samples <= 3  # a trial on the CPU

    def few(self, steps):
        return min(2, steps) if self.is_small else steps

    def keep(self, key, value):
        self.results[key] = value.detach().float().cpu().numpy()

    def judged(self, key, pictures, size, palette, names):
        """Keeps p, rank and orphans of pictures [names * m, P]."""
        m = len(pictures) // names.count
        shown = P.colored(pictures, size, self.palettes[palette])
        p, rank = self.judge.answers(shown, [c for c in names.captions for _ in range(m)])
        for what, value in (("p", p), ("rank", rank), ("orphans", P.orphan_share(pictures, size))):
            self.keep(f"{key}/{what}", value.view(names.count, m))

    def latents(self, pictures, size, palette, mode="nearest"):
        return self.teacher.encode(P.enlarge(P.colored(pictures, size, self.palettes[palette]), SIDE, mode))

    def scored(self, key, latents, names, times, noises, guided=False):
        m = len(latents) // names.count
        shared = names.shared(m)
        errors = self.teacher.errors(latents, names.texts(m), times, [shared[i] for i in noises], guided)
        self.keep(f"{key}/errors", errors.view(len(errors), names.count, m, *errors.shape[2:]))
        return errors

    def measured(self, key, images, names, scores=((0.9,), (0, 1), True), where=MAIN):
        """Keeps the answers of images and of their pictures' errors."""
        for size, palette in where:
            pictures = P.project(images, size, self.palettes[palette], LIMITS)
            at = f"{key}/{size}/{palette}"
            self.judged(at, pictures, size, palette, names)
            self.kept[at] = pictures
            if scores:
                self.scored(at, self.latents(pictures, size, palette), names, *scores)

    def nearest(self, key, images, names, where):
        for size, palette in where:
            pictures = P.nearest(images, size, self.palettes[palette])
            self.judged(f"{key}-nearest/{size}/{palette}", pictures, size, palette, names)


def base(lab):
    names, steps = lab.names, []

    def seen(i, clean, negative, positive):
        before = steps[-1][0] if steps else clean
        free = ((positive - negative) ** 2).mean((1, 2, 3)), ((clean - before) ** 2).mean((1, 2, 3))
        steps.append((clean, *free))

    noise = names.noise(0, lab.m)
    lab.kept["latents"] = lab.teacher.sample(noise, names.texts(lab.m), STEPS, GUIDANCE, seen)
    lab.kept["early"] = [steps[1][0], steps[2][0]] if STEPS > 2 else []
    lab.keep("base/free", torch.stack([torch.stack(s[1:]) for s in steps]).view(STEPS, 2, names.count, lab.m))
    lab.kept["images"] = lab.teacher.decode(lab.kept["latents"])
    lab.measured("base", lab.kept["images"], names, None, MAIN + OTHER)
    lab.nearest("base", lab.kept["images"], names, MAIN + OTHER)


def errors(lab):
    for size, palette in MAIN:
        at = f"base/{size}/{palette}"
        latents = lab.latents(lab.kept[at], size, palette)
        lab.scored(f"{at}/late", latents, lab.names, (0.7, 0.8, 0.9), (0, 1, 2, 3), True)
        lab.scored(f"{at}/middle", latents, lab.names, (0.5, 0.6), (0, 1), True)


def high(lab):
    """Errors at times of high noise."""
    for size, palette in MAIN:
        at = f"base/{size}/{palette}"
        latents = lab.latents(lab.kept[at], size, palette)
        lab.scored(f"{at}/high", latents, lab.names, (0.9,), (0, 1, 2, 3), True)
        lab.scored(f"{at}/higher", latents, lab.names, (0.95, 0.99), (0, 1), True)


def game(lab):
    """The evidence on the hard sets."""
    names, m = lab.game, lab.m
    images = lab.teacher.decode(lab.teacher.sample(names.noise(0, m), names.texts(m), STEPS, GUIDANCE))
    lab.measured("game", images, names, ((0.9,), (0, 1, 2, 3), True), MAIN + OTHER)
    lab.nearest("game", images, names, MAIN + OTHER)


def paper(lab):
    """SD-piXL's settings on the names of game48, three seeds."""
    names, colors = lab.game48, lab.palettes["sweetie-16"]
    texts = names.texts(1)
    for size in (16, 32):
        where = (size, "sweetie-16", names)
        images = lab.teacher.decode(lab.teacher.sample(names.noise(0), texts, lab.few(50), 7.5))
        small = F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False)
        logits = logits_of(small.flatten(2).transpose(1, 2), colors)
        lab.judged(f"paper-0/{size}/sweetie-16", logits.argmax(-1), *where)

        def seen(step, logits):
            if step in (100, 300, 600, 1000):
                lab.judged(f"paper-{step}/{size}/sweetie-16", logits.argmax(-1), *where)

        settings = Settings(steps=lab.few(1000))
        pictures = Distiller(lab, size, colors, settings).run(logits, texts, seen)
        lab.keep(f"paper/{size}/sweetie-16/pictures", pictures)


SHORT = Settings(guidance=10, learning_rate=0.05, warmup=0, fft=0, times=(0.4, 0.1), augmented=False, gumbel=False)
# 48 calls each.
DISTILLED = {
    "one noise": replace(SHORT, steps=48),
    "a noise and its opposite": replace(SHORT, steps=24, noises=2),
    "two noises and their opposites": replace(SHORT, steps=12, noises=4),
    "the same, pixels that stand out": replace(SHORT, steps=12, noises=4, gate=2),
    "a noise and its opposite, guidance 3": replace(SHORT, steps=24, noises=2, guidance=3),
    "a noise and its opposite, rate 0.2": replace(SHORT, steps=24, noises=2, learning_rate=0.2),
    "one noise, Gumbel noise, augmented, FFT loss, from 0.6": replace(
        SHORT, steps=48, fft=5, times=(0.6, 0.2), augmented=True, gumbel=True
    ),
}


def distilled(lab):
    """Score distillation from the best of 5 samples, of the first names."""
    count = min(lab.names.count, 160)
    names = lab.names.first_of(count)
    for size, palette in MAIN:
        start = lab.kept[f"base/{size}/{palette}"][chosen(lab, size, palette, 5)][:count]
        colors = lab.palettes[palette]
        logits = logits_of(colors[start], colors)
        lab.judged(f"distilled-0/{size}/{palette}", logits.argmax(-1), size, palette, names)
        for key, settings in DISTILLED.items():
            some = replace(settings, steps=lab.few(settings.steps))
            pictures = Distiller(lab, size, colors, some).run(logits, names.texts(1))
            lab.judged(f"distilled-{key}/{size}/{palette}", pictures, size, palette, names)
            lab.keep(f"distilled-{key}/{size}/{palette}/changed", (pictures != start).float().mean(1)[:, None])


def distilled_longer(lab):
    """Faster score distillation of game48, three seeds, and the same pictures with orphans cleaned.
    It begins with the best of 5, or as SD-piXL does with a sample of 50 steps."""
    names, m = lab.game48, min(5, lab.m)
    images = lab.teacher.decode(lab.teacher.sample(names.noise(0, m), names.texts(m), STEPS, GUIDANCE))
    lab.measured("five", images, names, ((0.9,), (0, 1, 2, 3), True))
    fifty = lab.teacher.decode(lab.teacher.sample(names.noise(0), names.texts(1), lab.few(50), 7.5))
    for size, palette in MAIN:
        colors, end = lab.palettes[palette], f"{size}/{palette}"
        best = lab.kept[f"five/{end}"][best_index(lab, lab.results[f"five/{end}/errors"], m)]
        small = F.interpolate(fifty, size=(size, size), mode="bilinear", align_corners=False)
        starts = {"best": logits_of(colors[best], colors), "fifty": logits_of(small.flatten(2).transpose(1, 2), colors)}

        def judge(key, logits):
            pictures = logits.argmax(-1)
            lab.judged(f"{key}/{end}", pictures, size, palette, names)
            for margin in (0.5, 1e9):
                cleaned = P.replace_orphans(pictures, logits, size, margin)
                lab.judged(f"{key}-clean{margin:g}/{end}", cleaned, size, palette, names)

        for start, logits in starts.items():
            judge(f"sds-{start}-0", logits)
            for steps, rate in ((50, 0.1), (50, 0.2), (100, 0.1), (100, 0.2)):
                settings = Settings(steps=lab.few(steps), warmup=0, learning_rate=rate)

                def last(step, logits):
                    if step == settings.steps:
                        judge(f"sds-{start}-{steps}x{rate}", logits)

                Distiller(lab, size, colors, settings).run(logits, names.texts(1), last)

            def seen(step, logits):
                if step in (100, 200, 300):
                    judge(f"sds-{start}-paper{step}", logits)

            # The first 300 of SD-piXL's 1,000 steps.
            Distiller(lab, size, colors, Settings()).run(logits, names.texts(1), seen, lab.few(300))


# Steps and guidance.
GRID = [(6, 3), (50, 7.5), (20, 7.5), (20, 5), (10, 4), (15, 5), (50, 5), (50, 3), (10, 5), (6, 4), (10, 7.5), (20, 10)]


def settings(lab):
    """Steps, guidance and ways from an image to a picture."""
    for kind, names, some in (("game", lab.game48, GRID[:4]), ("grid", lab.names, GRID)):
        m = 1 if kind == "game" else min(4, lab.m)
        for count, scale in some:
            key = f"{kind}-{count}-{scale:g}"
            latents = lab.teacher.sample(names.noise(0, m), names.texts(m), lab.few(count), scale)
            images = lab.teacher.decode(latents)
            lab.measured(key, images, names, None if kind == "game" else ((0.9,), (0, 1, 2, 3), True))
            lab.nearest(key, images, names, MAIN)
            for size, palette in MAIN:
                colors = lab.palettes[palette]
                ways = {
                    "mean": P.project(images, size, colors, (0, 0)),
                    "point": P.middle_pixels(images, size, colors),
                    "pointclean": P.middle_pixels(images, size, colors, LIMITS),
                }
                for way, pictures in ways.items():
                    lab.judged(f"{key}-{way}/{size}/{palette}", pictures, size, palette, names)


# Limits for orphans, on lines and of specks.
CLEANING = [LIMITS, (0, 0), (0, 0.084), (0.021, 0.042), (0.01, 0.042), (0, 0.042), (0.01, 0.021), (0, 0.021), (0.005, 0.03), (0.021, 0.021), (0.042, 0.042)]  # fmt: skip


def cleaning(lab):
    """How many orphans to clean; and the evidence at 0.9, 0.95 and 0.99 with 2 and 4 noises."""
    every = (0, 1, 2, 3)
    for key, names, count, scale in (("g4", lab.names, 6, 4), ("g3", lab.names, 6, 3), ("game-g4", lab.game48, 6, 4), ("g5s8", lab.names, 8, 5)):
        m = lab.m
        latents = lab.teacher.sample(names.noise(0, m), names.texts(m), lab.few(count), scale)
        images = lab.teacher.decode(latents)
        lab.nearest(key, images, names, MAIN)
        for size, palette in MAIN:
            for limits in CLEANING:
                at = f"{key}/{limits[0]:g}-{limits[1]:g}/{size}/{palette}"
                pictures = P.project(images, size, lab.palettes[palette], limits)
                lab.judged(at, pictures, size, palette, names)
                if limits in CLEANING[:2]:
                    times, noises = ((0.9, 0.95, 0.99), every) if limits == LIMITS else ((0.9, 0.99), (0, 1))
                    lab.scored(at, lab.latents(pictures, size, palette), names, times, noises, True)
        lab.scored(f"{key}/sample", latents, names, (0.9, 0.99), every, True)


def bilinear(lab):
    for size, palette in MAIN:
        at = f"base/{size}/{palette}"
        latents = lab.latents(lab.kept[at], size, palette, "bilinear")
        lab.scored(f"{at}/bilinear", latents, lab.names, (0.7, 0.8, 0.9), (0, 2))


def setting(lab, key, m, steps, guidance):
    names, m = lab.names, min(m, lab.m)
    latents = lab.teacher.sample(names.noise(0, m), names.texts(m), steps, guidance)
    lab.measured(key, lab.teacher.decode(latents), names)


def guidances(lab):
    for scale in (2.0, 5.0, 4.0):
        setting(lab, f"guidance-{scale:g}", 8, STEPS, scale)


def steps(lab):
    for count, m in ((4, 12), (8, 8), (12, 4)):
        setting(lab, f"steps-{count}", m, count, GUIDANCE)


def chosen(lab, size, palette, among):
    """Index of the best of the first samples of each name, by the evidence at 0.9 with 4 noises."""
    return best_index(lab, lab.results[f"base/{size}/{palette}/high/errors"][:, :, :among], lab.m)


def best_index(lab, errors, m):
    """Index of the sample of the highest evidence among m of each name, by errors at the first time."""
    with_, without, _ = errors[:, :, :, 0].mean(-1)
    best = torch.tensor((without / with_).argmax(1), device=lab.device)
    return torch.arange(len(best), device=lab.device) * m + best


def variants(lab):
    """Samples anew from the best of 4, from a noisy state of it."""
    names, v = lab.names, 4
    for size, palette in MAIN:
        start = lab.kept["latents"][chosen(lab, size, palette, 4)].repeat_interleave(v, 0)
        for strength in (0.5, 0.67):
            times = edit_times(STEPS, strength)
            x = lab.teacher.noised(start, names.noise(10, v), times[0])
            for i, t in enumerate(times):
                negative, positive = lab.teacher.both(x, t, names.texts(v))
                clean = lab.teacher.clean(x, negative + GUIDANCE * (positive - negative), t)
                epsilon = lab.teacher.between(x, clean, t)
                x = lab.teacher.noised(clean, epsilon, times[i + 1]) if i + 1 < len(times) else clean
            lab.measured(f"variants-{strength}", lab.teacher.decode(x), names, where=[(size, palette)])


def edits(lab):
    names = lab.names
    for size, palette in MAIN:
        at = chosen(lab, size, palette, 5)
        start = lab.latents(lab.kept[f"base/{size}/{palette}"][at], size, palette)
        constraint = Constraint(size, lab.palettes[palette])
        for strength, count in ((0.2, 24), (0.3, 24), (0.4, 24), (0.3, 8), (0.5, 8)):
            times = edit_times(count, strength)
            pictures = lab.teacher.edit(start, names.noise(20), names.texts(1), times, GUIDANCE, constraint)
            key = f"edit-{strength}-{count}/{size}/{palette}"
            lab.judged(key, pictures, size, palette, names)
            lab.scored(key, lab.latents(pictures, size, palette), names, (0.9,), (0, 1, 2, 3), True)


def projected(lab):
    """Samples under the constraint, from pure noise."""
    names, m = lab.names, min(4, lab.m)
    for size, palette in MAIN:
        constraint = Constraint(size, lab.palettes[palette])
        times = edit_times(STEPS, 1)
        pictures = lab.teacher.edit(None, names.noise(0, m), names.texts(m), times, GUIDANCE, constraint)
        lab.judged(f"projected/{size}/{palette}", pictures, size, palette, names)
        lab.scored(f"projected/{size}/{palette}", lab.latents(pictures, size, palette), names, (0.9,), (0, 1), True)


def early(lab):
    """Predictions of the clean image after 2 and 3 steps."""
    for done, clean in zip((2, 3), lab.kept["early"]):
        lab.measured(f"early-{done}", lab.teacher.decode(clean), lab.names)


def raw(lab):
    lab.scored("base/raw", lab.kept["latents"], lab.names, (0.9,), (0, 1, 2, 3), True)


def others(lab):
    """The evidence at other sizes and palettes, of the first 6 samples."""
    m = min(6, lab.m)
    for size, palette in OTHER:
        at = f"base/{size}/{palette}"
        first = lab.kept[at].view(lab.names.count, lab.m, -1)[:, :m].flatten(0, 1)
        lab.scored(at, lab.latents(first, size, palette), lab.names, (0.9,), (0, 1, 2, 3), True)


# Numbers of steps of which a solver is searched.
SEARCHED = (2, 3, 4, 6)
# A change of a solver must add so much to p; less is noise.
WORTH = 0.001


def samplers(lab):
    """Solvers of few steps. For each number of steps a search by coordinates on two samples of each name; then 12 samples
    of the best ones, of new noises, with evidence at 0.99.

    A sample's noise is the same for all solvers, so their differences are known better than p itself.
    """
    first = trailing(6, 4.0)
    noise, texts = lab.names.noise(30, min(2, lab.m)), lab.names.texts(min(2, lab.m))
    tried = {}

    def p_of(solver):
        """Mean p at 16 and 32 pixels."""
        key = f"search/{solver}"
        if key not in tried:
            images = lab.teacher.decode(solve(lab.teacher, noise, texts, solver))
            for size, palette in MAIN:
                pictures = P.project(images, size, lab.palettes[palette])
                lab.judged(f"{key}/{size}/{palette}", pictures, size, palette, lab.names)
            tried[key] = np.mean([lab.results[f"{key}/{size}/{palette}/p"].mean() for size, palette in MAIN])
        return tried[key]

    p_of(first)
    lab.kept["solvers"] = best = {"6": first}
    for steps in SEARCHED:
        best[f"best {steps}"] = found = searched(trailing(steps, 4.0), p_of)
        print(f"{steps} steps: {found}: p {p_of(found):.4f}, 6 steps of DDIM {p_of(first):.4f}", flush=True)
    for name, solver in best.items():
        drawn(lab, f"solver/{name}", lab.names, solver)


def samplers_game(lab):
    """The solvers that `samplers` found, on game48, three seeds."""
    for name, solver in lab.kept["solvers"].items():
        drawn(lab, f"solver-game/{name}", lab.game48, solver)


def searched(solver, p_of):
    """The best solver that a search by coordinates finds: times, kind, extrapolation, guidance."""

    def better(*candidates):
        nonlocal solver
        top = max(candidates, key=p_of)
        if p_of(top) > p_of(solver) + WORTH:
            solver = top

    def timed(*lists):
        better(*(replace(solver, times=times, ends=()) for times in lists))

    def with_power(power):
        return tuple(round(999 * (1 - i / steps) ** power) for i in range(steps))

    def with_last(factor):
        return (*solver.times[:-1], round(solver.times[-1] * factor))

    steps = solver.steps
    if steps < 6:
        timed(with_power(0.6), with_power(0.8), with_power(1.3))
        timed(with_last(0.5), with_last(0.75), with_last(1.25))
    if steps > 2:  # With two steps they differ from DDIM in nothing.
        better(*(replace(solver, kind=kind, ends=()) for kind in ("2m", "unipc")))
    better(*(replace(solver, guidance=(scale,) * steps) for scale in (3.0, 5.0)))
    if steps < 6:
        better(*(replace(solver, last=last) for last in (0.15, 0.3)))
        scales = solver.guidance
        falling = tuple(scales[0] * (1.5 - i / (steps - 1)) for i in range(steps))
        better(replace(solver, guidance=(*scales[:-1], 1.0)), replace(solver, guidance=(1.0, *scales[1:])),
               replace(solver, guidance=falling), replace(solver, guidance=falling[::-1]))  # fmt: skip
    return solver


def drawn(lab, key, names, solver):
    """Samples of a solver with their evidence, and what the calls of the sampling tell without another call.

    free/16 and the like: [2, names, M, steps], mean squared distance of the latents of a sample's picture to its predictions
    without and with the prompt. crossed/16: [2, names, M, M, 2], that of picture j to the first two predictions of sample i.
    """
    m, texts = lab.m, names.texts(lab.m)
    seen = []

    def clean_of(x, noise, t):
        a = lab.teacher.alphas[t]
        return torch.full_like(x, torch.nan) if noise is None else (x - (1 - a) ** 0.5 * noise) / a**0.5

    def see(i, x, noises):
        seen.append(torch.stack([clean_of(x, noise, solver.times[i]) for noise in noises]).flatten(2))

    latents = solve(lab.teacher, names.noise(0, m), texts, solver, see)
    images = lab.teacher.decode(latents)
    lab.nearest(key, images, names, MAIN)
    lab.keep(f"{key}/setting", torch.tensor([*solver.times, *solver.guidance]))
    compared = {"sample": latents}
    for size, palette in MAIN:
        at = f"{key}/{size}/{palette}"
        pictures = P.project(images, size, lab.palettes[palette])
        lab.judged(at, pictures, size, palette, names)
        compared[size] = lab.latents(pictures, size, palette)
        lab.scored(at, compared[size], names, (0.99,), (0, 1), True)
    for name, z in compared.items():
        z = z.flatten(1)
        own = torch.stack([((z - parts) ** 2).mean(2) for parts in seen], -1)
        lab.keep(f"{key}/free/{name}", own.view(2, names.count, m, -1))
        z = z.view(names.count, 1, m, -1)
        crossed = [torch.cat([((z - one[:, :, None]) ** 2).mean(4) for one in parts.view(2, names.count, m, -1).split(1, 2)], 2)
                   for parts in seen[:2]]  # fmt: skip
        lab.keep(f"{key}/crossed/{name}", torch.stack(crossed, -1))


STAGES = [base, high, game, cleaning, settings, distilled, distilled_longer, paper, edits, guidances, early, others, projected, raw,
          variants, errors, bilinear, steps, samplers, samplers_game, clip]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=f"{ROOT}/assets/models/mini", help="folder of the teacher")
    parser.add_argument("--clip", help="folder of a CLIP, for the stage `clip`")
    parser.add_argument("--out", default="trials.npz")
    parser.add_argument("--names", type=int, default=320)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="of the samples' noises")
    parser.add_argument("--rows", type=int, default=1024, help="largest batch of the UNet")
    parser.add_argument("--kind", default="auto", help="type of the networks' numbers")
    parser.add_argument("--seconds", type=float, default=1e9, help="starts no stage after so long")
    parser.add_argument("--stages", nargs="*", help="instead of all")
    args = parser.parse_args()
    begin = time.time()
    lab = Lab(args)
    print(f"loaded in {time.time() - begin:.1f} s", flush=True)
    for stage in STAGES:
        start, rows = time.time(), lab.teacher.count
        if stage is clip and not args.clip or args.stages and stage.__name__ not in args.stages:
            continue
        if start - begin > args.seconds:
            print(f"{stage.__name__}: left out, no time", flush=True)
            continue
        try:
            with torch.no_grad():
                stage(lab)
        except Exception as error:  # the other stages still count
            print(f"{stage.__name__}: {type(error).__name__}: {error}", flush=True)
        print(f"{stage.__name__}: {time.time() - start:.1f} s, {lab.teacher.count - rows} rows", flush=True)
        np.savez_compressed(args.out, **lab.results)


if __name__ == "__main__":
    main()
