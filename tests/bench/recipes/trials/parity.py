"""Compares samples, pictures and scores with those that parity.ts wrote.

    deno run --allow-read --allow-write=FOLDER --allow-env=XDG_RUNTIME_DIR parity.ts FOLDER
    python3 parity.py FOLDER
"""

import os
import sys

import numpy as np
import torch

import projection as P
from solvers import PRESETS, solve
from teacher import Teacher

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../..")
PROMPTS = ["bone golem", "emoji of a woman elf"]


def main():
    folder = sys.argv[1]
    kind = getattr(torch, sys.argv[2]) if len(sys.argv) > 2 else torch.float32
    teacher = Teacher(ROOT, f"{ROOT}/assets/models/mini", PROMPTS, kind, 64)

    def read(name, *shape):
        data = np.fromfile(f"{folder}/{name}", np.float32 if name.endswith("f32") else np.uint32)
        return torch.tensor(data.astype(np.float32 if name.endswith("f32") else np.int64)).view(*shape)

    for p in range(len(PROMPTS)):
        at = torch.tensor([p + 1])
        mine = solve(teacher, read(f"noise_{p}.f32", 1, 4, 32, 32), at, PRESETS)
        theirs = read(f"latents_{p}.f32", 1, 4, 32, 32)
        image = (read(f"image_{p}.f32", 1, 3, 128, 128) * 255).round()
        print(PROMPTS[p], "latents", float((mine - theirs).abs().max()), "image",
              float((teacher.decode(theirs) - image).abs().max()))
        for size in (12, 16, 24, 32):
            for name in ("sweetie-16", "game-boy"):
                other = read(f"picture_{p}_{size}_{name}.u32", 1, size * size)
                own = P.project(image, size, P.palette(name))
                print(size, name, "pixels that differ:", int((P.palette(name)[own] != P.palette(name)[other]).any(-1).sum()))
                if (size, name) == (16, "sweetie-16"):
                    shown = P.enlarge(P.colored(own, size, P.palette(name)), 128, "nearest")
                    errors = teacher.errors(teacher.encode(shown), at, [0.8], [read(f"choice_{p}.f32", 1, 4, 32, 32)])
                    print("errors", errors[:2].flatten().flip(0).tolist(), read(f"errors_{p}.f32", 2).tolist())


main()
