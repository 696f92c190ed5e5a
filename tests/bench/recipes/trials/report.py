"""Tables of what trials.py measured: how p of the judge depends on the number of samples and on the
rule that chooses one.

    python3 report.py trials.npz [more.npz ...]

A name counts once, and each number is a mean over the names with its standard error. "of N" is the
mean over all ways to draw N of a name's samples, so that no luck of an order is in it. Differences
are of the same names. Calls: of the teacher, for a picture.
"""

import sys
from math import comb

import numpy as np

NUMBERS = (1, 2, 3, 4, 5, 6, 8, 12)
RECIPES = (1, 2, 6, 7, 12)
CLIP_NUMBERS = (2, 3, 4, 6, 8, 12)
# How the presets draw.
PRESETS = "clip 6 steps, 4, none in the last 2"
# Number of samples, number of those whose evidence is measured (0: the CLIP alone), number of noises.
CHOICES = ((1, 0, 0), (2, 2, 2), (3, 0, 0), (3, 2, 2), (4, 2, 2), (6, 0, 0), (6, 3, 2), (6, 6, 2), (8, 4, 2), (8, 8, 2), (12, 6, 2), (12, 12, 2),
           (16, 8, 2))
SIZES = (16, 32)
PALETTE = "sweetie-16"
OTHER = ((12, PALETTE), (24, PALETTE), (16, "game-boy"), (32, "game-boy"))
TIMES, STEPS = (0.7, 0.8, 0.9), 6


def best_of(values, score, number):
    """Mean of the values [names, M] of the best of `number` samples by score, for each name."""
    count = values.shape[1]
    if number > count:
        return np.full(len(values), np.nan)
    order = np.argsort(-score, 1, kind="stable")
    ranked = np.take_along_axis(values, order, 1)
    weights = np.array([comb(count - 1 - rank, number - 1) / comb(count, number) for rank in range(count)])
    return ranked @ weights


def text(values, sign=True):
    if np.isnan(values).all():
        return "                "
    mean, error = values.mean(), values.std(ddof=1) / max(1, len(values)) ** 0.5
    return f"{mean:+.4f} ± {error:.4f}" if sign else f"{mean:.4f} ± {error:.4f}"


def rules(data, size):
    """Scores of each sample by each rule, with the calls that a sample's score takes."""
    at = f"base/{size}/{PALETTE}"
    out = {"the judge itself": (data[f"{at}/p"], 0)}
    free = data["base/free"]
    for step in range(free.shape[0]):
        out[f"guidance is small at step {step + 1}"] = (-free[step, 0], 0)
        if step:
            out[f"prediction moves little at step {step + 1}"] = (-free[step, 1], 0)
    if f"{at}/late/errors" in data:
        errors(out, data[f"{at}/late/errors"], TIMES, "")
        errors(out, data[f"{at}/middle/errors"], (0.5, 0.6), "")
    if f"{at}/high/errors" in data:
        pairs(out, data[f"{at}/high/errors"], (0.9,), "")
        pairs(out, data[f"{at}/higher/errors"], (0.95, 0.99), "")
    if f"{at}/bilinear/errors" in data:
        errors(out, data[f"{at}/bilinear/errors"], TIMES, "blurred, ")
    if "base/raw/errors" in data:
        pairs(out, data["base/raw/errors"], (0.9,), "the sample itself, ")
    return out


def evidence(parts, time=0, noises=None):
    """Evidence for the prompt [names, M] of errors [3, names, M, times, noises]."""
    shown = parts[:2, :, :, time, :noises].mean(-1)
    return np.log(shown[1] / shown[0])


def pairs(out, parts, times, prefix):
    """Evidence by a noise and its opposite, and by all four."""
    for i, time in enumerate(times):
        out[f"{prefix}evidence at {time}, 1 noise"] = (evidence(parts, i, 1), 1)
        out[f"{prefix}evidence at {time}, a noise and its opposite"] = (evidence(parts, i, 2), 2)
        if parts.shape[-1] == 4:
            out[f"{prefix}evidence at {time}, 4 noises"] = (evidence(parts, i), 4)


def errors(out, parts, times, prefix):
    log = -np.log(parts[0])  # [names, M, times, noises]
    noises = log.shape[-1]
    for i, time in enumerate(times):
        out[f"{prefix}error at {time}"] = (log[..., i, 0], 1)
        if noises == 4:
            out[f"{prefix}error at {time}, 2 noises"] = (mean_of(parts[0][:, :, i, [0, 2]]), 2)
            out[f"{prefix}error at {time}, a noise and its opposite"] = (mean_of(parts[0][:, :, i, :2]), 2)
            out[f"{prefix}error at {time}, 4 noises"] = (mean_of(parts[0][:, :, i]), 4)
        elif noises == 2:
            out[f"{prefix}error at {time}, 2 noises"] = (mean_of(parts[0][:, :, i]), 2)
        if len(parts) == 3:
            with_, without, gap = (part[:, :, i, 0] for part in parts)
            out[f"{prefix}evidence at {time}"] = (np.log(without / with_), 1)
            inner = (with_ - without - gap) / 2
            for scale in (2, 3):
                guided = without + 2 * scale * inner + scale**2 * gap
                out[f"{prefix}error of guidance {scale} at {time}"] = (-np.log(guided), 1)
            if noises == 4:
                ratio = np.log(parts[1][:, :, i, :2].mean(-1) / parts[0][:, :, i, :2].mean(-1))
                out[f"{prefix}evidence at {time}, a noise and its opposite"] = (ratio, 2)
                ratio = np.log(parts[1][:, :, i].mean(-1) / parts[0][:, :, i].mean(-1))
                out[f"{prefix}evidence at {time}, 4 noises"] = (ratio, 4)
    if noises == 4:
        out[f"{prefix}errors at 0.8 and 0.9"] = (log[..., 1, 0] + log[..., 2, 0], 2)
        out[f"{prefix}errors at 0.7, 0.8 and 0.9"] = (log[..., 0].sum(-1), 3)
        out[f"{prefix}errors at 0.7, 0.8 and 0.9, another noise each"] = (log[..., 0, 0] + log[..., 1, 2] + log[..., 2, 1], 3)


def mean_of(parts):
    return -np.log(parts.mean(-1))


def learned(data, size, noises):
    """A linear rule of all errors, each half of the names judged by the rule of the other half."""
    at = f"base/{size}/{PALETTE}"
    p = data[f"{at}/p"]
    parts = [np.log(data[f"{at}/late/errors"][..., :noises].mean(-1)), np.log(data[f"{at}/middle/errors"].mean(-1))]
    x = np.concatenate([part.transpose(1, 2, 3, 0).reshape(*p.shape, -1) for part in parts], -1)
    x = x - x.mean(1, keepdims=True)
    y = p - p.mean(1, keepdims=True)
    score = np.zeros_like(p)
    half = np.arange(len(p)) % 2
    for part in (0, 1):
        a, b = x[half != part].reshape(-1, x.shape[-1]), y[half != part].ravel()
        weights = np.linalg.solve(a.T @ a + 0.01 * len(a) * np.diag((a**2).mean(0)), a.T @ b)
        score[half == part] = x[half == part] @ weights
    return score


def table_of_rules(data, size):
    at = f"base/{size}/{PALETTE}"
    p, orphans = data[f"{at}/p"], data[f"{at}/orphans"]
    base = data[f"base-nearest/{size}/{PALETTE}/p"].mean(1)
    print(f"\n## {size} px: p of one sample {text(p.mean(1), False)}, of nearest {text(base, False)}, "
          f"difference {text(p.mean(1) - base)}, orphans {orphans.mean():.3f} and "
          f"{data[f'base-nearest/{size}/{PALETTE}/orphans'].mean():.3f}")
    print("difference of p to one sample, by the best of N\n" + " " * 62 + "".join(f"{f'of {n}':18}" for n in NUMBERS[1:]))
    found = rules(data, size)
    if f"{at}/late/errors" in data:
        found["linear in all errors, 1 noise"] = (learned(data, size, 1), 5)
        found["linear in all errors, 4 noises"] = (learned(data, size, 4), 20)
    for name, (score, calls) in found.items():
        print(f"{name:58}{calls:2}  " + "  ".join(text(best_of(p, score, n) - p.mean(1)) for n in NUMBERS[1:]))


def chosen(data, size, number):
    """Index of the best of the first samples of each name, as `standard` chooses."""
    return evidence(data[f"base/{size}/{PALETTE}/high/errors"])[:, :number].argmax(1)


def table_of_settings(data, size):
    """Other guidance and samples under the constraint, by the evidence of a noise and its opposite."""
    at = f"base/{size}/{PALETTE}"
    nearest = data[f"base-nearest/{size}/{PALETTE}/p"].mean(1)
    rows = {"guidance 3": (data[f"{at}/p"], data[f"{at}/high/errors"])}
    for key in ("guidance-2", "guidance-4", "guidance-5", "steps-4", "steps-8", "steps-12", "projected"):
        if f"{key}/{size}/{PALETTE}/p" in data:
            rows[key] = (data[f"{key}/{size}/{PALETTE}/p"], data[f"{key}/{size}/{PALETTE}/errors"])
    print(f"\n## {size} px, settings: p against nearest at guidance 3, by the evidence of a noise and its opposite; orphans\n{'':14}"
          + "".join(f"{f'of {n}':18}" for n in NUMBERS))
    for key, (p, parts) in rows.items():
        score = evidence(parts, 0, 2)
        orphans = data[f"{at if key == 'guidance 3' else f'{key}/{size}/{PALETTE}'}/orphans"].mean()
        print(f"{key:12}  " + "  ".join(text(best_of(p, score, n) - nearest) for n in NUMBERS) + f"  {orphans:.3f}")
    base = data[f"{at}/p"]
    print("against guidance 3, one sample: " + "; ".join(
        f"{key} {text(p.mean(1) - base[:, : p.shape[1]].mean(1))}" for key, (p, _) in rows.items() if key != "guidance 3"))  # fmt: skip


def table_of_ends(data, size):
    """What edits and variants add to the best of 5, as `standard` chooses it."""
    at = f"base/{size}/{PALETTE}"
    p, rows = data[f"{at}/p"], np.arange(len(data[f"{at}/p"]))
    scores, best = evidence(data[f"{at}/high/errors"]), chosen(data, size, 5)
    start = p[rows, best]
    print(f"\n## {size} px: after the choice of the best of 5, difference of p to it; orphans "
          f"{data[f'{at}/orphans'][rows, best].mean():.3f}")
    end = f"/{size}/{PALETTE}/p"
    for key in sorted(key[: -len(end)] for key in data if key.startswith("edit") and key.endswith(end)):
        other, own = data[f"{key}{end}"][:, 0], evidence(data[f"{key}/{size}/{PALETTE}/errors"])[:, 0]
        better = own > scores[rows, best]
        print(f"{key:14} always {text(other - start)}  if its evidence is higher ({better.mean():.2f}) "
              f"{text(np.where(better, other, start) - start)}  orphans {data[f'{key}/{size}/{PALETTE}/orphans'].mean():.3f}")
    for strength in (0.5, 0.67):
        key = f"variants-{strength}/{size}/{PALETTE}"
        if f"{key}/p" in data:
            start = p[rows, chosen(data, size, 4)]
            others, own = data[f"{key}/p"], evidence(data[f"{key}/errors"])
            first = evidence(data[f"{at}/high/errors"], 0, 2)[rows, chosen(data, size, 4)]
            for number in (1, 2, 4):
                values = np.concatenate([start[:, None], others[:, :number]], 1)
                ranked = np.concatenate([first[:, None], own[:, :number]], 1)
                print(f"{number} variants of the best of 4 at {strength}: {text(values[rows, ranked.argmax(1)] - start)}; "
                      f"one, always: {text(others.mean(1) - start)}")


def table_of_distillation(data, size):
    """Score distillation from the best of 5, and SD-piXL's settings."""
    end = f"/{size}/{PALETTE}"
    if f"distilled-0{end}/p" in data:
        start, orphans = data[f"distilled-0{end}/p"][:, 0], data[f"distilled-0{end}/orphans"].mean()
        print(f"\n## {size} px: distilled from the best of 5 ({len(start)} names): p {text(start, False)}, orphans {orphans:.3f}; "
              "difference of p, orphans, share of pixels that changed")
        for key in data:
            if key.startswith("distilled-") and key.endswith(f"{end}/changed"):
                name = key[len("distilled-") : -len(f"{end}/changed")]
                print(f"{name:60} {text(data[f'distilled-{name}{end}/p'][:, 0] - start)}  "
                      f"{data[f'distilled-{name}{end}/orphans'].mean():.3f}  {data[key].mean():.3f}")
    if f"paper-0{end}/p" not in data:
        return

    def of_prompts(values):
        return values.reshape(-1, 3).mean(1)

    paper = {step: (of_prompts(data[f"paper-{step}{end}/p"]), data[f"paper-{step}{end}/orphans"].mean())
             for step in (0, 100, 300, 600, 1000) if f"paper-{step}{end}/p" in data}  # fmt: skip
    count = 3 * len(paper[0][0])
    near = of_prompts(data[f"game-nearest{end}/p"][:count].mean(1))
    p, parts = data[f"game{end}/p"][:count], data[f"game{end}/errors"][:, :count]
    best = of_prompts(best_of(p, evidence(parts), 5))
    print(f"\n## {size} px: SD-piXL's settings on {len(near)} names of game48, 3 seeds; nearest {text(near, False)}, "
          f"standard {text(best, False)}, difference {text(best - near)}\n{'':12}p, against nearest, against standard, against its start, orphans")
    for step, (values, orphans) in paper.items():
        print(f"{step:5} steps  {text(values, False)}  {text(values - near)}  {text(values - best)}  {text(values - paper[0][0])}  {orphans:.3f}")


def table_of_cleaning(data, size):
    """Limits for orphans, times and noises of the evidence. The evidence is that of pictures with the first limits."""
    end, first = f"{size}/{PALETTE}", "0.021-0.084"
    for key in ("g3", "g4", "g5s8", "game-g4"):
        if f"{key}/{first}/{end}/errors" not in data:
            continue
        seeds = 3 if key.startswith("game") else 1

        def of_prompts(values):
            return values.reshape(-1, seeds).mean(1)

        parts, samples = data[f"{key}/{first}/{end}/errors"], data[f"{key}/sample/errors"]
        own = of_prompts(data[f"{key}-nearest/{end}/p"].mean(1))
        at_3 = own if seeds > 1 or f"g3-nearest/{end}/p" not in data else data[f"g3-nearest/{end}/p"].mean(1)
        print(f"\n## {size} px, {key}: best of N by evidence at 0.99 with a noise and its opposite; p against nearest of the same guidance "
              f"({text(own, False)}, orphans {data[f'{key}-nearest/{end}/orphans'].mean():.3f}), of 6 against nearest at guidance 3; orphans\n"
              f"{'limits':14}" + "".join(f"{f'of {n}':18}" for n in RECIPES) + "of 6, guidance 3")
        score = evidence(parts, 2, 2)
        for name in (name[len(key) + 1 : -len(f"/{end}/p")] for name in data if name.startswith(f"{key}/") and name.endswith(f"/{end}/p")):
            p = data[f"{key}/{name}/{end}/p"]
            print(f"{name:14}" + "  ".join(text(of_prompts(best_of(p, score, n)) - own) for n in RECIPES)
                  + f"  {text(of_prompts(best_of(p, score, 6)) - at_3)}  {data[f'{key}/{name}/{end}/orphans'].mean():.3f}")
        p = data[f"{key}/{first}/{end}/p"]
        print(f"rules, limits {first}, difference of p to one sample")
        for what, errors, times in (("picture", parts, (0.9, 0.95, 0.99)), ("sample itself", samples, (0.9, 0.99))):
            for i, time in enumerate(times):
                for noises in (2, 4):
                    score = evidence(errors, i, noises)
                    print(f"{f'{what}, {time}, {noises} noises':30}"
                          + "  ".join(text(of_prompts(best_of(p, score, n) - p.mean(1))) for n in RECIPES[1:]))


def table_of_grid(data, size):
    """Steps, guidance and ways from an image to a picture: p and orphans of one sample."""
    ways = {"cell means, cleaned": "", "nearest": "-nearest", "cell means": "-mean", "middle pixels": "-point", "the same, cleaned": "-pointclean"}
    end = f"/{size}/{PALETTE}"
    for kind in ("grid", "game"):
        keys = [key[: -len(end) - 2] for key in data if key.startswith(f"{kind}-") and key.endswith(f"{end}/p")]
        keys = [key for key in keys if f"{key}-point{end}/p" in data]
        if keys:
            print(f"\n## {size} px, {'random names' if kind == 'grid' else 'game48, 3 seeds'}: steps, guidance; p and orphans of " + "; ".join(ways))
        for key in keys:
            print(f"{key[5:]:8}" + "  ".join(
                f"{data[f'{key}{way}{end}/p'].mean():.4f}, {data[f'{key}{way}{end}/orphans'].mean():.3f}" for way in ways.values()))  # fmt: skip


def table_of_longer(data, size):
    """Faster score distillation of game48, and the same with orphans of small contrast cleaned, or all."""
    end = f"/{size}/{PALETTE}"
    for start in ("best", "fifty"):
        if f"sds-{start}-0{end}/p" not in data:
            continue
        first = data[f"sds-{start}-0{end}/p"].reshape(-1, 3).mean(1)
        print(f"\n## {size} px, score distillation from {'the best of 5' if start == 'best' else 'a sample of 50 steps'}, game48, 3 seeds: p "
              f"{text(first, False)}; difference of p, orphans; with orphans of small contrast cleaned; with all")
        for key in (key[: -len(end) - 2] for key in data if key.startswith(f"sds-{start}-") and key.endswith(f"{end}/p") and "-clean" not in key):
            print(f"{key[5 + len(start):]:10}" + "  ".join(
                f"{text(data[f'{key}{way}{end}/p'].reshape(-1, 3).mean(1) - first)} {data[f'{key}{way}{end}/orphans'].mean():.3f}"
                for way in ("", "-clean0.5", "-clean1e+09")))  # fmt: skip


def table_of_dropping(data, size, draws=200):
    """Samples that are dropped after 2 or 3 steps: begun, kept, calls and p against nearest."""
    at = f"base/{size}/{PALETTE}"
    p = data[f"{at}/p"]
    if f"early-2/{size}/{PALETTE}/errors" not in data:
        return
    nearest = data[f"base-nearest/{size}/{PALETTE}/p"].mean(1)
    final, random = evidence(data[f"{at}/high/errors"]), np.random.default_rng(0)
    rows = np.arange(len(p))[:, None]
    print(f"\n## {size} px: samples dropped early by the evidence of the picture so far (a noise and its opposite), then the "
          "best by 4 noises: p against nearest")
    for done in (2, 3):
        first = evidence(data[f"early-{done}/{size}/{PALETTE}/errors"])
        for begun, kept in ((6, 3), (8, 2), (8, 4), (10, 3), (12, 2), (12, 3), (12, 4), (12, 6)):
            if begun > p.shape[1]:
                continue
            values = []
            for _ in range(draws):
                some = np.argsort(random.random(p.shape), 1)[:, :begun]
                held = np.take_along_axis(some, np.argsort(-first[rows, some], 1)[:, :kept], 1)
                values.append(p[rows[:, 0], held[rows[:, 0], final[rows, held].argmax(1)]])
            calls = begun * (done + 2) + kept * (STEPS - done + 4)
            print(f"after {done} steps, {begun:2} begun, {kept} kept, {calls:2} calls: {text(np.mean(values, 0) - nearest)}")


def free_rules(data, key, name):
    """Scores of a solver's samples from its own predictions alone. name: what is compared with them, a size or "sample"."""
    own, crossed = data[f"{key}/free/{name}"], data[f"{key}/crossed/{name}"]
    out = {}
    for step in range(own.shape[-1]):
        out[f"own predictions at step {step + 1}"] = np.log(own[0, ..., step] / own[1, ..., step])
    others = 1 - np.eye(crossed.shape[2])[None, :, :, None]
    means = (crossed * others).sum(2) / others.sum(1)  # [2, names, M, 2]: of the other samples' predictions
    for step in range(2):
        out[f"the others' predictions at step {step + 1}"] = np.log(means[0, ..., step] / means[1, ..., step])
    return {rule: score for rule, score in out.items() if np.isfinite(score).all()}


def table_of_samplers(data, size):
    """Solvers of few steps: the search, then the best ones by all rules, with calls of a sample and its score."""
    end, start = f"/{size}/{PALETTE}", "search/"
    searched = [key[len(start) : -len(f"{end}/p")] for key in data if key.startswith(start) and key.endswith(f"{end}/p")]
    if searched:
        base = data[f"{start}{searched[0]}{end}/p"].mean(1)
        print(f"\n## {size} px, search, one sample: difference of p to {searched[0]} ({text(base, False)}), rows, orphans")
        for name in searched:
            scales = name.split(" g")[1].split(" ")[0].split(",")
            times = name.split(" ")[1].split(",")
            rows = sum(1 if scale == "1" else 2 for scale in (scales * len(times) if len(scales) == 1 else scales))
            print(f"{name:64}{rows:3}  {text(data[f'{start}{name}{end}/p'].mean(1) - base)}  {data[f'{start}{name}{end}/orphans'].mean():.3f}")
    for kind, seeds in (("solver", 1), ("solver-game", 3)):
        keys = [key[: -len(end) - 2] for key in data if key.startswith(f"{kind}/") and key.endswith(f"{end}/p")]
        if not keys:
            continue

        def of_prompts(values):
            return values.reshape(-1, seeds).mean(1)

        near = data[f"{kind}/6-nearest{end}/p"].mean(1)
        print(f"\n## {size} px, {'game48, 3 seeds' if seeds == 3 else 'random names'}: p against nearest of 6 steps of DDIM "
              f"({text(of_prompts(near), False)}), by the best of N; calls of a sample; in 16 calls\n{'':58}" + "".join(f"{f'of {n}':18}" for n in NUMBERS))
        for key in (key for key in keys if not key.endswith("-nearest")):
            p, parts = data[f"{key}{end}/p"], data[f"{key}{end}/errors"]
            steps = data[f"{key}/free/{size}"].shape[-1]
            print(f"{key.split('/')[1]}: {data[f'{key}/setting'].round(2).tolist()}, own nearest {text(of_prompts(data[f'{key}-nearest{end}/p'].mean(1) - near))}, "
                  f"orphans {data[f'{key}{end}/orphans'].mean():.3f} ({data[f'{key}-nearest{end}/orphans'].mean():.3f})")
            rules = {"evidence, 1 noise": (evidence(parts, 0, 1), 1), "evidence, a noise and its opposite": (evidence(parts, 0, 2), 2),
                     "error with the prompt of both noises, in one call": (mean_of(parts[0][:, :, 0]), 1),
                     **{rule: (score, 0) for rule, score in free_rules(data, key, size).items()},
                     "the judge itself": (p, 0)}  # fmt: skip
            for rule, (score, calls) in rules.items():
                number = min(p.shape[1], 16 // (steps + calls))
                print(f"  {rule:52}{steps + calls:2}  " + "  ".join(text(of_prompts(best_of(p, score, n) - near)) for n in NUMBERS)
                      + f"  of {number}: {text(of_prompts(best_of(p, score, number) - near))}")


def table_of_clip(data, size):
    """Choice by CLIP, by the evidence at 0.99 with a noise and its opposite, and by weighted sums of both."""
    for key in [key[: -len("/sample")] for key in data if key.startswith("clip") and key.endswith("/sample")]:
        at, seeds = f"{key}/{size}/{PALETTE}", 3 if key.endswith("-game") else 1

        def of_prompts(values):
            return values.reshape(-1, seeds).mean(1)

        p, orphans = data[f"{at}/p"], data[f"{at}/orphans"]
        one, near = of_prompts(p.mean(1)), of_prompts(data[f"{key}-nearest/{size}/{PALETTE}/p"].mean(1))
        by_evidence = evidence(data[f"{at}/errors"])
        scores = {"the judge itself: the limit": p, "evidence": by_evidence}
        for how, values in (("nearest", data[f"{at}/nearest"]), ("bicubic", data[f"{at}/bicubic"]), ("sample", data[f"{key}/sample"])):
            for what, score in zip(("CLIP", "CLIP, among all names"), values):
                scores[f"{what}, {how}"] = score
                if how == "nearest":
                    for weight in (0.25, 0.5, 1):
                        scores[f"{what}, {how}, {weight} evidence"] = spread(score) + weight * spread(by_evidence)
        print(f"\n## {size} px, {'game48, 3 seeds' if seeds > 1 else 'random names'}, {key}: p of one sample {text(one, False)}, of nearest "
              f"{text(near, False)}, difference {text(one - near)}; orphans {orphans.mean():.3f} and "
              f"{data[f'{key}-nearest/{size}/{PALETTE}/orphans'].mean():.3f}\nchoice by a score, or by a sum of two, each divided by its deviation "
              f"between samples of a name (CLIP {deviation(data[f'{at}/nearest'][0]):.4f}, {deviation(data[f'{at}/nearest'][1]):.4f}, evidence "
              f"{deviation(by_evidence):.5f}); difference of p to one sample; of 6 to nearest; orphans of 6\n{'':48}"
              + "".join(f"{f'of {n}':18}" for n in CLIP_NUMBERS) + f"{'of 6, nearest':18}orphans")
        for name, score in scores.items():
            print(f"{name:46}  " + "  ".join(text(of_prompts(best_of(p, score, n)) - one) for n in CLIP_NUMBERS)
                  + f"  {text(of_prompts(best_of(p, score, 6)) - near)}  {best_of(orphans, score, 6).mean():.3f}")


def shortlisted(values, likeness, shown, number, listed, draws=300):
    """Mean of the values [names, M] of the best of `number` samples by both scores, of the `listed` best ones by the first."""
    random, total = np.random.default_rng(0), np.zeros(len(values))
    for _ in range(draws):
        some = np.argsort(random.random(values.shape), 1)[:, :number]
        first = np.take_along_axis(likeness, some, 1)
        some = np.take_along_axis(some, np.argsort(-first, 1)[:, :listed], 1)
        best = np.take_along_axis(likeness + shown, some, 1).argmax(1)[:, None]
        total += np.take_along_axis(values, np.take_along_axis(some, best, 1), 1)[:, 0]
    return total / draws


def table_of_calls(data, size):
    """What calls buy: ways to draw, scores and numbers of samples, against `nearest` of 6 steps."""
    keys = [key[: -len("/rows")] for key in data if key.startswith("clip") and key.endswith("/rows")]
    for end, seeds in (("", 1), ("-game", 3)):
        if f"clip{end}/rows" not in data:
            continue

        def of_prompts(values):
            return values.reshape(-1, seeds).mean(1)

        near = of_prompts(data[f"clip{end}-nearest/{size}/{PALETTE}/p"].mean(1))
        print(f"\n## {size} px, {'game48, 3 seeds' if seeds > 1 else 'random names'}: p against nearest of 6 steps ({text(near, False)}) "
              "and orphans, by CLIP, by the sum of both scores, and by the sum among the best ones by CLIP; calls, of two rows each")
        presets = {}
        for key in (key for key in keys if key.endswith("-game") == (seeds > 1)):
            at, rows = f"{key}/{size}/{PALETTE}", int(data[f"{key}/rows"])
            p, orphans = data[f"{at}/p"], data[f"{at}/orphans"]
            # The toolkit's deviations: one for all sizes and names.
            likeness, shown = data[f"{at}/nearest"][0] / 0.066, evidence(data[f"{at}/errors"]) / 0.21
            own = of_prompts(data[f"{key}-nearest/{size}/{PALETTE}/p"].mean(1))
            print((key[4 : len(key) - len(end)].strip() or "6 steps, 4 in all") + f", its own nearest {text(own, False)}")
            for number, listed, noises in CHOICES:
                if number > p.shape[1]:
                    continue
                values, dirt = (
                    (best_of(v, likeness, number) if listed == 0 else shortlisted(v, likeness, shown, number, listed)) for v in (p, orphans)
                )
                by = "CLIP" if listed == 0 else "sum" if listed == number else f"sum of {listed}"
                if key == PRESETS + end:
                    presets[number, listed] = of_prompts(values)
                paired = f", to the presets' {text(of_prompts(values) - presets[number, listed])}" if presets else ""
                print(f"  of {number:2} by {by:9} {number * rows / 2 + listed * noises:5.1f} calls: {text(of_prompts(values) - near)}, "
                      f"to its own {text(of_prompts(values) - own)}, {dirt.mean():.3f}{paired}")


def deviation(score):
    return (score - score.mean(1, keepdims=True)).std()


def spread(score):
    return score / deviation(score)


def table_of_others(data):
    print("\n## Other sizes and palettes, random names, by the evidence at 0.9: p against nearest; of 2 by 2 noises, of 5 by 4; orphans")
    for size, palette in OTHER:
        at = f"base/{size}/{palette}"
        if f"{at}/errors" in data:
            parts = data[f"{at}/errors"]
            p, nearest = data[f"{at}/p"][:, : parts.shape[2]], data[f"base-nearest/{size}/{palette}/p"].mean(1)
            print(f"{size:3} {palette:12}{text(p.mean(1) - nearest)}  {text(best_of(p, evidence(parts, 0, 2), 2) - nearest)}  "
                  f"{text(best_of(p, evidence(parts), 5) - nearest)}  {data[f'{at}/orphans'].mean():.3f} "
                  f"({data[f'base-nearest/{size}/{palette}/orphans'].mean():.3f})")
    print("\n## The hard sets with p, 3 seeds, a prompt counts once: nearest; one sample, the better of 2 by 2 noises, the best of 5 "
          "and 12 by 4, of 5 by the judge itself, against nearest; orphans")
    for size, palette in (*((size, PALETTE) for size in SIZES), *OTHER):
        at = f"game/{size}/{palette}"
        if f"{at}/errors" not in data:
            continue
        p, parts, near = data[f"{at}/p"], data[f"{at}/errors"], data[f"game-nearest/{size}/{palette}/p"].mean(1)

        def of_prompts(values, sign=True):
            return text(values.reshape(-1, 3).mean(1), sign)

        print(f"{size:3} {palette:12}{of_prompts(near, False)}  {of_prompts(p.mean(1) - near)}  "
              f"{of_prompts(best_of(p, evidence(parts, 0, 2), 2) - near)}  {of_prompts(best_of(p, evidence(parts), 5) - near)}  "
              f"{of_prompts(best_of(p, evidence(parts), 12) - near)}  {of_prompts(best_of(p, p, 5) - near)}  "
              f"{data[f'{at}/orphans'].mean():.3f} ({data[f'game-nearest/{size}/{palette}/orphans'].mean():.3f})")


def main():
    data = {key: value for path in sys.argv[1:] for key, value in np.load(path).items()}
    for size in SIZES:
        table_of_cleaning(data, size)
        table_of_grid(data, size)
        if f"base/{size}/{PALETTE}/high/errors" in data:
            table_of_rules(data, size)
            table_of_settings(data, size)
            table_of_ends(data, size)
            table_of_dropping(data, size)
        table_of_distillation(data, size)
        table_of_longer(data, size)
        table_of_samplers(data, size)
        table_of_clip(data, size)
        table_of_calls(data, size)
    table_of_others(data)


if __name__ == "__main__":
    main()
