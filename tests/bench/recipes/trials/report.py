"""Tables of what trials.py measured: how p of the judge depends on the number of samples and on the
rule that chooses one.

    python3 report.py trials.npz

A name counts once, and each number is a mean over the names with its standard error. "of N" is the
mean over all ways to draw N of a name's samples, so that no luck of an order is in it. Differences
are of the same names. Calls: of the teacher, for a picture.
"""

import sys
from math import comb

import numpy as np

NUMBERS = (1, 2, 3, 4, 5, 6, 8, 12)
SIZES = (16, 32)
PALETTE = "sweetie-16"
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
    if f"{at}/bilinear/errors" in data:
        errors(out, data[f"{at}/bilinear/errors"], TIMES, "blurred, ")
    if "base/raw/errors" in data:
        errors(out, data["base/raw/errors"], (0.6, 0.8), "the sample itself, ")
    return out


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


def table_of_settings(data, size):
    """Other steps and guidance, against one sample and against the same number of calls."""
    at = f"base/{size}/{PALETTE}"
    p = data[f"{at}/p"]
    nearest = data[f"base-nearest/{size}/{PALETTE}/p"].mean(1)
    print(f"\n## {size} px, settings: p against nearest, by the error at 0.8 of one noise\n{'':24}"
          + "".join(f"{f'of {n}':18}" for n in NUMBERS))
    rows = {"6 steps, guidance 3": (p, data.get(f"{at}/late/errors"), 1)}
    for key in ("guidance-2", "guidance-4", "guidance-5", "steps-4", "steps-8", "steps-12", "projected"):
        if f"{key}/{size}/{PALETTE}/p" in data:
            rows[key] = (data[f"{key}/{size}/{PALETTE}/p"], data[f"{key}/{size}/{PALETTE}/errors"], 0)
    for key, (values, error, time) in rows.items():
        if error is not None:
            score = -np.log(error[0, :, :, time, 0])
            print(f"{key:22}  " + "  ".join(text(best_of(values, score, n) - nearest) for n in NUMBERS))
    mixed = [key for key in ("guidance-2", "guidance-5") if key in rows]
    if len(mixed) == 2:
        values = np.concatenate([rows[key][0] for key in mixed], 1)
        score = np.concatenate([-np.log(rows[key][1][0, :, :, 0, 0]) for key in mixed], 1)
        print("guidance 2 and 5 mixed  " + "  ".join(text(best_of(values, score, n) - nearest) for n in NUMBERS))


def table_of_ends(data, size):
    """What edits and variants add to a chosen sample."""
    at = f"base/{size}/{PALETTE}"
    p, late = data[f"{at}/p"], data.get(f"{at}/late/errors")
    if late is None:
        return
    rows = np.arange(len(p))
    score = -np.log(late[0, :, :, 1, 0])
    print(f"\n## {size} px: after the choice, difference of p to the chosen sample; orphans")
    best6, best4 = (score[:, :n].argmax(1) for n in (6, 4))
    start = p[rows, best6]
    for key in sorted(key[: -len(f"/{size}/{PALETTE}/p")] for key in data if key.startswith("edit") and key.endswith(f"/{size}/{PALETTE}/p")):
        other = data[f"{key}/{size}/{PALETTE}/p"][:, 0]
        mine = -np.log(data[f"{key}/{size}/{PALETTE}/errors"][0, :, 0, 0, 0])
        better = mine > score[rows, best6]
        kept = np.where(better, other, start)
        print(f"{key:22} always {text(other - start)}   if its error is lower ({better.mean():.2f}) {text(kept - start)}   "
              f"orphans {data[f'{key}/{size}/{PALETTE}/orphans'].mean():.3f} against "
              f"{data[f'{at}/orphans'][rows, best6].mean():.3f}")
    start = p[rows, best4]
    for strength in (0.5, 0.67):
        key = f"variants-{strength}/{size}/{PALETTE}"
        if f"{key}/p" in data:
            others, scores = data[f"{key}/p"], -np.log(data[f"{key}/errors"][0, :, :, 0, 0])
            for number in (1, 2, 4):
                values = np.concatenate([start[:, None], others[:, :number]], 1)
                all_scores = np.concatenate([score[rows, best4][:, None], scores[:, :number]], 1)
                chosen = values[rows, all_scores.argmax(1)]
                print(f"{number} variants of the best of 4 at {strength}: {text(chosen - start)}; one, always: {text(others.mean(1) - start)}")


def table_of_dropping(data, size, draws=200):
    """Samples that are dropped after 2 or 3 steps: begun, kept, calls and p against nearest."""
    at = f"base/{size}/{PALETTE}"
    p, late = data[f"{at}/p"], data.get(f"{at}/late/errors")
    if late is None or f"early-2/{size}/{PALETTE}/errors" not in data:
        return
    nearest = data[f"base-nearest/{size}/{PALETTE}/p"].mean(1)
    final, random = -np.log(late[0, :, :, 1, 0]), np.random.default_rng(0)
    rows = np.arange(len(p))[:, None]
    print(f"\n## {size} px: samples dropped early, by the error at 0.8 of the picture so far")
    for done in (2, 3):
        first = -np.log(data[f"early-{done}/{size}/{PALETTE}/errors"][0, :, :, 0, 0])
        for begun, kept in ((6, 3), (8, 2), (8, 4), (10, 3), (12, 2), (12, 3), (12, 4), (12, 6)):
            if begun > p.shape[1]:
                continue
            values = []
            for _ in range(draws):
                some = np.argsort(random.random(p.shape), 1)[:, :begun]
                held = np.take_along_axis(some, np.argsort(-first[rows, some], 1)[:, :kept], 1)
                values.append(p[rows[:, 0], held[rows[:, 0], final[rows, held].argmax(1)]])
            calls = begun * (done + 1) + kept * (STEPS - done + 1)
            print(f"after {done} steps, {begun:2} begun, {kept} kept, {calls:2} calls: {text(np.mean(values, 0) - nearest)}")


def table_of_others(data):
    print("\n## Other sizes and palettes, by the error at 0.8 of one noise: p against nearest")
    for size, palette in ((12, PALETTE), (24, PALETTE), (16, "game-boy"), (32, "game-boy")):
        at = f"base/{size}/{palette}"
        if f"{at}/errors" in data:
            p, nearest = data[f"{at}/p"], data[f"base-nearest/{size}/{palette}/p"].mean(1)
            score = -np.log(data[f"{at}/errors"][0, :, :, 1, 0])
            print(f"{size:3} {palette:12}" + "  ".join(text(best_of(p, score, n) - nearest) for n in NUMBERS))
    print("\n## The hard sets with p, 3 seeds: p against nearest; a prompt counts once")
    for size in SIZES:
        at = f"game/{size}/{PALETTE}"
        if f"{at}/p" in data:
            p, nearest = data[f"{at}/p"], data[f"game-nearest/{size}/{PALETTE}/p"].mean(1)
            for what, score in (("error at 0.8", -np.log(data[f"{at}/errors"][0, :, :, 1, 0])),
                                ("2 noises", mean_of(data[f"{at}/errors"][0, :, :, 1][..., [0, 2]])),
                                ("4 noises", mean_of(data[f"{at}/errors"][0, :, :, 1])),
                                ("the judge itself", p)):  # fmt: skip
                print(f"{size:3} {what:18}" + "  ".join(
                    text((best_of(p, score, n) - nearest).reshape(-1, 3).mean(1)) for n in NUMBERS))  # fmt: skip


def main():
    data = dict(np.load(sys.argv[1]))
    for size in SIZES:
        table_of_rules(data, size)
        table_of_settings(data, size)
        table_of_ends(data, size)
        table_of_dropping(data, size)
    table_of_others(data)


if __name__ == "__main__":
    main()
