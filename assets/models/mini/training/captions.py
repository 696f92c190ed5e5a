"""Draws a random scene of named pictures: a caption, a background, and where each picture is drawn.

The grammar is the whole language of `mini`:

    [STYLE of] [a|an] [small|big] [color] NAME [, CLASS] [at a place] [on a COLOR background]
    [a] NAME and [a] NAME ...           a NAME in front of PLACE, on a GROUND, in a room with a WALL
    STYLE of a man|woman with HAIR wearing CLOTHES [from behind]

A style is "pixel art", "tiny pixel art", "emoji", "3d emoji", "flat emoji", "outlined emoji",
"clip art", "cartoon", "3d render", "black silhouette icon", "photo", "collage". A bare name means
pixel art. One caption in ten is empty, for classifier-free guidance (Ho & Salimans 2022).
"""

import random
from bisect import bisect
from itertools import accumulate

from networks import SIZE
from pictures import OPAQUE, PIXEL, TILE

BACKGROUNDS = {
    "white": (255, 255, 255), "black": (12, 12, 16), "gray": (128, 128, 132),
    "red": (200, 40, 45), "orange": (240, 140, 40), "yellow": (250, 215, 80),
    "green": (60, 150, 70), "cyan": (80, 200, 215), "blue": (50, 90, 200),
    "purple": (120, 60, 170), "pink": (245, 150, 185), "brown": (110, 70, 45),
    "light blue": (150, 200, 245), "dark blue": (25, 35, 95), "light green": (165, 225, 150),
    "dark green": (25, 80, 50), "teal": (30, 130, 130), "beige": (235, 220, 190),
}  # fmt: skip
# Always exactly this color, so that a cut-out can be made of what is drawn on it.
TRANSPARENT = (255, 0, 255)

# Recolored objects: (hue in turns or None for no hue, saturation floor, value scale, value offset).
COLORS = {
    "red": (0.99, 0.0, 1.0, 0.0), "orange": (0.08, 0.0, 1.0, 0.0), "yellow": (0.14, 0.0, 1.0, 0.0),
    "green": (0.35, 0.0, 0.95, 0.0), "cyan": (0.5, 0.0, 1.0, 0.0), "blue": (0.61, 0.0, 1.0, 0.0),
    "purple": (0.77, 0.0, 0.95, 0.0), "pink": (0.92, 0.0, 1.0, 0.05), "brown": (0.07, 0.3, 0.6, 0.0),
    "white": (None, 0.0, 0.3, 0.7), "black": (None, 0.0, 0.35, 0.0), "gray": (None, 0.0, 0.55, 0.2),
}  # fmt: skip
COLOR_WORDS = {*COLORS, "grey", "golden", "silver", "dark", "light", "gold"}  # language: data

PLACES = {  # center offset in half pictures: x to the right, y down
    "on the left": (-1, 0), "on the right": (1, 0), "at the top": (0, -1), "at the bottom": (0, 1),
    "in the top left corner": (-1, -1), "in the top right corner": (1, -1),
    "in the bottom left corner": (-1, 1), "in the bottom right corner": (1, 1),
}  # fmt: skip

SMALL, BIG = ("small", "tiny", "little"), ("big", "large", "huge")
STYLES = ("pixel art", "tiny pixel art", "emoji", "3d emoji", "flat emoji", "outlined emoji", "clip art", "cartoon",
          "3d render", "black silhouette icon", "photo", "collage")  # fmt: skip
JOINS = "a an and of in front with room scene the background next to on wearing from behind left right transparent".split()

# Weights of the captions' sources; a source that is not listed is drawn as often as its size says.
# Chosen so that a picture's number of looks differs less by source: in round 1 a sprite of Angband
# got eleven times as many as a silhouette, and silhouettes were the poorest.
SHARES = {
    "dcss": 18, "dawnlike": 10, "angband": 6, "lpc": 7, "cc0": 6, "room": 6, "emoji": 27, "sweethome3d": 4,
    "openclipart": 5, "silhouettes": 6, "landscapes": 3, "collage": 4,
}  # fmt: skip
WEIGHTS = {"People & Body": 0.5, "Symbols": 0.4, "wall tile": 0.4, "floor tile": 0.4, "tile": 0.6}
PIXELATED = ("emoji", "3d emoji", "flat emoji", "clip art", "3d render", "cartoon", "photo")
BARE_SETS = ("noto", "twemoji", "fluent-emoji-flat", "fluent-3d")
WORDS = 22  # longest caption

# How a layer is sampled.
NEAREST, SMOOTH, HALVED, PIXELS4, PIXELS2 = range(5)


def grammar_words() -> list[str]:
    text = " ".join([*BACKGROUNDS, *COLORS, *PLACES, *SMALL, *BIG, *STYLES, *JOINS])
    return sorted(set(text.split()))


def article(text: str) -> str:
    return ("an " if text[0] in "aeiou" else "a ") + text


class Chooser:
    """Draws items by weights."""

    def __init__(self, items, weights):
        self.items, self.sums = list(items), list(accumulate(weights))

    def __call__(self, random):
        return self.items[bisect(self.sums, random.random() * self.sums[-1])]


class Layer:
    """One picture of a scene.

    left, top: where the canvas of 128x128 begins, pixels; step: canvas pixels a pixel of the scene;
    flip: mirrored; clip: left, top, right, bottom of what is drawn; repeat: tiles the scene.
    """

    __slots__ = ("index", "mode", "left", "top", "step", "flip", "clip", "repeat", "color")

    def __init__(self, index, mode, left=0.0, top=0.0, step=1.0, flip=False, clip=(0, 0, SIZE, SIZE), repeat=False, color=None):
        self.index, self.mode, self.left, self.top, self.step = index, mode, left, top, step
        self.flip, self.clip, self.repeat, self.color = flip, clip, repeat, color


class Scenes:
    """Draws scenes of a library's rows; `seed` makes the stream repeatable, `keep` chooses
    pictures."""

    def __init__(self, rows, seed: int, keep=None):
        self.random, self.rows = random.Random(seed), rows
        chosen = [i for i in range(len(rows)) if keep is None or keep(i)]
        sources = {}
        for i in chosen:
            sources.setdefault(rows[i]["source"], []).append(i)
        known = sum(SHARES.get(name, 0) for name in sources)
        rest = sum(len(items) for name, items in sources.items() if name not in SHARES)
        total = sum(map(len, sources.values()))
        kinds = []
        for name in sources:
            kinds.append((name, SHARES[name] if name in SHARES else (known or 100) * len(sources[name]) / max(1, total - rest or total)))
        self.by_source = {name: Chooser(items, [self.weight(rows[i]) for i in items]) for name, items in sources.items()}

        def pool(test):
            items = [i for i in chosen if test(rows[i])]
            return Chooser(items, [1] * len(items)) if len(items) > 8 else None

        full = lambda r: r["kind"] & TILE and r["scale"] * max(r["size"]) == SIZE
        self.floors = pool(lambda r: full(r) and ("floor" in r.get("class", "") or "floor" in r["caption"] or "grass" in r["caption"]))
        self.walls = pool(lambda r: full(r) and ("wall" in r.get("class", "") or "wall" in r["caption"]))
        self.actors = pool(lambda r: r["source"] in ("dcss", "angband", "lpc") and r["kind"] & PIXEL and not r["kind"] & (TILE | OPAQUE)
                           and r.get("class") in ("monster", "animal", "demon", "undead", "dragon", "person"))
        self.things = pool(lambda r: r["source"] in ("dcss", "angband") and r["kind"] & PIXEL and not r["kind"] & (TILE | OPAQUE)
                           and r.get("class") in ("weapon", "armor", "potion", "ring", "wand", "food", "scroll", "book", "staff",
                                                  "item", "tree", "statue", "altar", "chest", "sword", "shield", "helmet"))
        self.views = pool(lambda r: r.get("class") == "landscape")
        self.cutouts = pool(lambda r: r["style"] in ("3d emoji", "3d render", "cartoon", "flat emoji") and not r["kind"] & OPAQUE
                            and r.get("class") not in WEIGHTS)
        if self.floors and self.walls and self.actors and self.things:
            kinds.append(("room", SHARES["room"]))
        if self.views and (self.cutouts or self.actors):
            kinds.append(("collage", SHARES["collage"]))
        self.kinds = Chooser([name for name, _ in kinds], [share for _, share in kinds])
        self.pixel_names = {rows[i]["caption"] for i in chosen if rows[i]["kind"] & PIXEL}

    def weight(self, row) -> float:
        return WEIGHTS.get(row.get("class", ""), 1.0)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # Captions

    def color(self, row, share: float):
        if not self.chance(share) or set(row["caption"].split()) & COLOR_WORDS or row["kind"] & OPAQUE or "parts" in row:
            return None
        return self.random.choice(list(COLORS))

    def figure(self, row) -> str:
        """A caption of an LPC figure from some of its parts, most telling first."""
        parts = dict(row["parts"])
        hair = [parts[key] for key in ("hair", "beard", "glasses", "wings") if key in parts and self.chance(0.75)]
        clothes = [parts[key] for key in ("helm", "torso", "over", "legs", "feet") if key in parts and self.chance(0.7)]
        text = row["caption"]
        for word, items in (("with", hair), ("wearing", clothes)):
            for n, item in enumerate(items):
                more = f" {word} {item}" if n == 0 else f" and {item}"
                if len((text + more).split()) <= WORDS - 6:
                    text += more
        return f"{text} {row['facing']}".strip()

    def name(self, row) -> str:
        return self.figure(row) if "parts" in row else row["caption"]

    def noun(self, row, pixelated: bool, color=None, size=None) -> str:
        """The words for one picture, with its style or bare."""
        style, text = row["style"], " ".join(word for word in (size, color, self.name(row)) if word)
        roll = self.random.random()
        if row["kind"] & PIXEL or pixelated:
            if pixelated:
                style = "pixel art"
            if roll < 0.5:
                return text
            if roll < 0.66:
                return article(text)
            if roll < 0.72 and row.get("class") and not pixelated and row["class"] not in text:
                return f"{text}, {row['class']}"
            if style == "tiny pixel art" and roll < 0.84:
                style = "pixel art"
        else:
            bare = row.get("set") in BARE_SETS and row["caption"] not in self.pixel_names or not style
            if bare and roll < 0.3:
                return text if roll < 0.2 else article(text)
        if not style:
            return article(text)
        return f"{style} of {article(text)}" if roll < 0.94 else f"{text}, {style}"

    # Places

    def still(self, i, halved=False):
        """A sprite at its full or half size, at an offset of whole latent cells."""
        row = self.rows[i]
        step = 2.0 if halved else 1.0
        box = [x / step for x in row["box"]]
        return row, step, box

    def offset(self, low: float, high: float, center: float | None = None, spread: float = 1.0) -> float:
        """A multiple of 4 in [low, high]: by chance, or near a position in [-1, 1] between them."""
        low, high = -(-low // 4), high // 4
        if high < low:
            low = high = (low + high) // 2
        if center is None:
            return 4.0 * self.random.randint(int(low), int(high))
        middle = (low + high) / 2 + center * (high - low) / 2
        return 4.0 * round(middle)

    def sprite(self, i, color=None, size=None, place=None, area=None) -> Layer:
        """A sprite drawn in the whole scene, or in an area: left, top, right, bottom."""
        row = self.rows[i]
        area = area or (0, 0, SIZE, SIZE)
        room = min(area[2] - area[0], area[3] - area[1])
        step = 1.0 if room >= SIZE else SIZE / room
        if size or place:
            step *= 2
        if row["scale"] / step < 1:
            step = float(row["scale"])
        x1, y1, x2, y2 = (x / step for x in row["box"])
        flip = self.chance(0.2)
        if flip:
            x1, x2 = SIZE / step - x2, SIZE / step - x1
        if place:
            x, y = PLACES[place]
            left = self.offset(area[0] - x1, area[2] - x2, x)
            top = self.offset(area[1] - y1, area[3] - y2, y)
        elif size or self.chance(0.3):
            left, top = self.offset(area[0] - x1, area[2] - x2), self.offset(area[1] - y1, area[3] - y2)
        else:
            left, top = self.offset(area[0] - x1, area[2] - x2, 0), self.offset(area[1] - y1, area[3] - y2, 0)
        return Layer(i, NEAREST, left, top, step, flip, color=color)

    def smooth(self, i, scale, x, y, color=None, flip=None) -> Layer:
        """A smooth picture: its scale and its center in half pictures."""
        side = SIZE * scale
        flip = self.chance(0.2) if flip is None else flip
        left, top = (SIZE - side) / 2 + x * SIZE / 2, (SIZE - side) / 2 + y * SIZE / 2
        return Layer(i, HALVED if scale < 0.65 else SMOOTH, left, top, 1 / scale, flip, color=color)

    # Scenes

    def one(self, source: str):
        pick = self.random.random
        i = self.by_source[source](self.random)
        row = self.rows[i]
        color = self.color(row, 0.12)
        size = place = None
        roll = pick()
        if row["kind"] & OPAQUE:
            if row["kind"] & PIXEL:
                return self.noun(row, False), [Layer(i, NEAREST)], False
            # A photograph, or what became of it as pixel art.
            mode = self.random.choice((SMOOTH, PIXELS4, PIXELS2, PIXELS4))
            text = self.noun(row, mode != SMOOTH)
            return text, [Layer(i, mode, flip=self.chance(0.5))], False
        if row["kind"] & PIXEL:
            if roll < 0.06 and row["scale"] >= 2:
                size = self.random.choice(SMALL)
            elif roll > 0.93 and row["scale"] >= 2:
                place = self.random.choice(list(PLACES))
            text = self.noun(row, False, color, size) + (f" {place}" if place else "")
            return text, [self.sprite(i, color, size, place)], True
        # Not of a name that sprites have: there, a bare name and "pixel art" mean the sprites.
        if row["style"] in PIXELATED and row["caption"] not in self.pixel_names and pick() < 0.45:
            layer = Layer(i, PIXELS4, flip=self.chance(0.2), color=color)
            return self.noun(row, True, color), [layer], True
        scale = self.random.uniform(0.8, 0.98)
        slack = 1 - scale
        x, y = (self.random.uniform(-slack, slack) for _ in range(2))
        if roll < 0.05:
            size, scale = self.random.choice(SMALL), self.random.uniform(0.32, 0.5)
            x, y = (self.random.uniform(-1, 1) * (1 - scale) * 0.6 for _ in range(2))
        elif roll < 0.08:
            size, scale = self.random.choice(BIG), self.random.uniform(1.0, 1.25)
            x = y = 0.0
        elif roll > 0.92:
            place = self.random.choice(list(PLACES))
            scale = self.random.uniform(0.42, 0.58)
            x, y = (side * (1 - scale) * self.random.uniform(0.8, 1) for side in PLACES[place])
        text = self.noun(row, False, color, size) + (f" {place}" if place else "")
        return text, [self.smooth(i, scale, x, y, color)], True

    def two(self, source: str):
        """Two pictures of one source side by side."""
        i = self.by_source[source](self.random)
        for _ in range(20):
            j = self.by_source[source](self.random)
            if self.rows[j]["style"] == self.rows[i]["style"] and not self.rows[j]["kind"] & OPAQUE:
                break
        else:
            return None
        first, second = self.rows[i], self.rows[j]
        if first["kind"] & OPAQUE or "parts" in first:
            return None
        a, b = self.color(first, 0.06), self.color(second, 0.06)
        texts = [" ".join(w for w in (c, r["caption"]) if w) for c, r in ((a, first), (b, second))]
        if self.chance(0.5):
            texts = [article(text) for text in texts]
        text = (" and " if self.chance(0.8) else " next to ").join(texts)
        if not first["kind"] & PIXEL:
            scale = self.random.uniform(0.46, 0.52)
            y = self.random.uniform(-0.1, 0.1)
            text = f"{first['style']} of {text}" if first["style"] else text
            return text, [self.smooth(i, scale, scale - 1, y, a), self.smooth(j, scale, 1 - scale, y, b)], True
        if min(first["scale"], second["scale"]) < 2:
            return None
        if self.chance(0.25):
            text = f"{first['style']} of {text}"
        half = SIZE // 2
        top = 4 * self.random.randint(6, 10)
        areas = (0, top, half, top + half), (half, top, SIZE, top + half)
        return text, [self.sprite(n, c, area=area) for n, c, area in zip((i, j), (a, b), areas)], True

    def room(self):
        """Floor and wall tiles with a monster and a thing, in 2x2 or 4x4 tiles."""
        floor, wall = self.floors(self.random), self.walls(self.random)
        count = 2 if self.chance(0.55) else 4
        side, step = SIZE // count, float(count)
        layers = [Layer(floor, NEAREST, step=step, repeat=True)]
        walled = self.chance(0.6)
        if walled:
            layers.append(Layer(wall, NEAREST, step=step, repeat=True, clip=(0, 0, SIZE, side)))
        cells = [(x, y) for y in range(1 if walled else 0, count) for x in range(count)]
        self.random.shuffle(cells)
        who = []
        for pool in (self.actors, self.things, self.actors)[: self.random.choices((1, 2, 3), (5, 4, 1 if count == 4 else 0))[0]]:
            i, (x, y) = pool(self.random), cells.pop()
            who.append(i)
            layers.append(self.sprite(i, area=(x * side, y * side, x * side + side, y * side + side)))
        text = " and ".join(article(self.rows[i]["caption"]) for i in who)
        if walled and self.chance(0.6):
            text += f" in a room with {self.rows[wall]['caption']} and {self.rows[floor]['caption']}"
        else:
            # The ground is always named: else a bare name would mean a room, too.
            text += f" on {article(self.rows[floor]['caption'])}"
        if self.chance(0.4):
            text = f"pixel art of {text}"
        return text, layers, False

    def collage(self):
        """A cut-out on a landscape, both smooth or both pixel art."""
        view = self.views(self.random)
        pixel = self.actors is not None and self.chance(0.5)
        i = (self.actors if pixel or not self.cutouts else self.cutouts)(self.random)
        pixel = bool(self.rows[i]["kind"] & PIXEL)
        place = self.rows[view]["caption"]
        name = article(self.rows[i]["caption"])
        text = f"{name} in front of {article(place)}" if self.chance(0.6) else f"{name}, {place} background"
        if pixel:
            layers = [Layer(view, PIXELS4, flip=self.chance(0.5)), self.sprite(i, size="half" if self.chance(0.4) else None)]
            if self.chance(0.4):
                text = f"pixel art of {text}"
        else:
            scale = self.random.uniform(0.5, 0.85)
            x, y = self.random.uniform(-1, 1) * (1 - scale), (1 - scale) * self.random.uniform(0, 0.9)
            layers = [Layer(view, SMOOTH, flip=self.chance(0.5)), self.smooth(i, scale, x, y)]
            text = f"collage of {text}"
        return text, layers, False

    def draw(self):
        """Returns (caption, background's RGB in 0 to 255, whether it may vary a little, layers)."""
        kind = self.kinds(self.random)
        if kind == "room":
            scene = self.room()
        elif kind == "collage":
            scene = self.collage()
        else:
            scene = (self.two(kind) if self.chance(0.08) else None) or self.one(kind)
        text, layers, open_ground = scene
        color, varied = BACKGROUNDS["white"], False
        roll = self.random.random()
        if open_ground and roll < 0.5:
            if roll < 0.08:
                color = TRANSPARENT
                text += " on a transparent background" if roll < 0.06 else ", transparent background"
            else:
                name, varied = self.random.choice(list(BACKGROUNDS)), True
                color, roll = BACKGROUNDS[name], (roll - 0.08) / 0.42
                if roll < 0.75:
                    text += f" on {article(name)} background"
                elif roll < 0.88:
                    text += f" on {name}"
                else:
                    text += f", {name} background"
        if self.chance(0.1):
            text = ""
        return text, color, varied, layers
