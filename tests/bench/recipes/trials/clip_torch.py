"""Scores of a CLIP for samples, by which one is chosen. Written by `clip.py` of mini's training.

It sees a picture enlarged by nearest neighbor ("nearest", as the toolkit shows it to the CLIP of
mini) or bicubic ("bicubic", as it shows it to a teacher's own CLIP whose preprocessor_config.json
says so), or the sample itself ("sample"). Its score is the similarity with "a NAME", or the
probability of NAME among all names of the judge ("names").
"""

import torch
import torch.nn.functional as F

import projection as P
from solvers import PRESETS, Solver, solve, trailing

MAIN = [(16, "sweetie-16"), (32, "sweetie-16")]
# Ways to draw the samples, by the key of their results. With few steps, the times are moved up:
# 999 * (1 - i / steps) ** 0.6 was the best of the search of `samplers`.
FOUR, FIVE = (999, 841, 659, 435), (999, 874, 735, 577, 380)
DRAWN = {
    "clip": trailing(6, 4.0),
    "clip 6 steps, 4, none in the last 2": PRESETS,
    "clip 4 steps, 4, 4, 4, none": Solver(FOUR, (4, 4, 4, 1)),
    "clip 4 steps, 3, 3, 3, none": Solver(FOUR, (3, 3, 3, 1)),
    "clip 4 steps, 5, 4, 3, none": Solver(FOUR, (5, 4, 3, 1)),
    "clip 4 steps, 6, 4, 2, none": Solver(FOUR, (6, 4, 2, 1)),
    "clip 4 steps, 6, 5, 3, none": Solver(FOUR, (6, 5, 3, 1)),
    "clip 4 steps, 5, 3, 3, none": Solver(FOUR, (5, 3, 3, 1)),
    "clip 4 later steps, 5, 4, 3, none": Solver((999, 820, 625, 395), (5, 4, 3, 1)),
    "clip 4 earlier steps, 5, 4, 3, none": Solver((999, 862, 695, 480), (5, 4, 3, 1)),
    "clip 5 steps, 3.5, none in the last": Solver(FIVE, (3.5, 3.5, 3.5, 3.5, 1)),
    "clip 5 steps, 5, 4, 3, none, none": Solver(FIVE, (5, 4, 3, 1, 1)),
}


def enlarged(images, side):
    """Images [B, 3, S, S] in [0, 1] as `resizeImage` resizes them, "bicubic", to 8 bits."""
    resized = F.interpolate(images * 255, size=(side, side), mode="bicubic", antialias=True, align_corners=False)
    return resized.clamp(0, 255).round() / 255


class ClipScores:
    def __init__(self, folder, names):
        """names: all names, without repeats. The training code must be importable."""
        import clip
        from captions import article
        from score import text_embeddings

        self.side, (self.net, tokenizer) = clip.SIDE, clip.load_clip(folder)
        self.index = {name: i for i, name in enumerate(names)}
        with torch.no_grad():
            self.texts = text_embeddings(self.net, tokenizer, [article(name) for name in names])

    @torch.no_grad()
    def scores(self, images, names, nearest):
        """Similarities of images [B, 3, S, S] in [0, 1] with their names, and logarithms of the names' probabilities, [B] each."""
        right = torch.tensor([self.index[name] for name in names], device=images.device)
        parts = []
        for some, own in zip(images.split(1024), right.split(1024)):
            seen = P.enlarge(some, self.side, "nearest") if nearest else enlarged(some, self.side)
            likeness = self.net.pictures(seen) @ self.texts.T
            names_ = (likeness * self.net.scale.exp()).log_softmax(1)
            parts.append(torch.stack([part.gather(1, own[:, None])[:, 0] for part in (likeness, names_)]))
        return torch.cat(parts, 1)


def clip(lab):
    """Answers, evidence and scores of CLIP of samples, drawn in several ways."""
    scores, m = ClipScores(lab.clip, list(lab.judge.index)), lab.m
    for drawn, solver in DRAWN.items():
        for key, names in ((drawn, lab.names), (f"{drawn}-game", lab.game48)):
            captions = [caption for caption in names.captions for _ in range(m)]

            def keep(at, images, nearest):
                lab.keep(at, scores.scores(images, captions, nearest).view(2, names.count, m))

            lab.keep(f"{key}/rows", torch.tensor(solver.rows))
            images = lab.teacher.decode(solve(lab.teacher, names.noise(0, m), names.texts(m), solver))
            keep(f"{key}/sample", images / 255, False)
            lab.nearest(key, images, names, MAIN)
            for size, palette in MAIN:
                at = f"{key}/{size}/{palette}"
                pictures = P.project(images, size, lab.palettes[palette])
                lab.judged(at, pictures, size, palette, names)
                shown = P.colored(pictures, size, lab.palettes[palette])
                keep(f"{at}/nearest", shown, True)
                keep(f"{at}/bicubic", shown, False)
                lab.scored(at, lab.latents(pictures, size, palette), names, (0.99,), (0, 1), True)
