"""Draws a random scene of named pictures: a caption, a background, and where each picture is drawn.

The grammar is the whole language of `mini`:

    [STYLE of] [a|an] [small|big] [color] NAME [, CLASS] [at a place] [on a COLOR background]
    [a] NAME and [a] NAME ...           a NAME in front of PLACE, on a GROUND, in a room with a WALL
    STYLE of a man|woman with HAIR wearing CLOTHES [from behind]

A style is "pixel art", "tiny pixel art", "emoji", "3d emoji", "flat emoji", "outlined emoji",
"clip art", "cartoon", "3d render", "black silhouette icon", "silhouette", "photo", "collage". A bare
name means pixel art. One caption in ten is empty, for classifier-free guidance (Ho & Salimans 2022).

Some pictures get a look that they do not have (looks.py), under the word for it, so that a style is
obeyed for names that its own pictures lack. Some captions are the style alone.
"""

import random
from bisect import bisect
from itertools import accumulate

from layers import PLACES, Layer, Placing
from looks import NEAREST, NO_SHAPE, PIXELS2, PIXELS4, SHAPE, SMOOTH, SQUARES, STYLES_OF
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

SMALL, BIG = ("small", "tiny", "little"), ("big", "large", "huge")
STYLES = ("pixel art", "tiny pixel art", "emoji", "3d emoji", "flat emoji", "outlined emoji", "clip art", "cartoon",
          "3d render", "black silhouette icon", "silhouette", "photo", "collage")  # fmt: skip
JOINS = "a an and of in front with room scene the background next to on wearing from behind left right transparent".split()

# Weights of the captions' sources; a source that is not listed is drawn as often as its size says.
# Chosen so that a picture's number of looks differs less by source: in round 1 a sprite of Angband
# got eleven times as many as a silhouette, and silhouettes were the poorest.
SHARES = {
    "dcss": 18, "dawnlike": 10, "angband": 6, "lpc": 7, "cc0": 6, "room": 6, "emoji": 27, "sweethome3d": 4,
    "openclipart": 5, "silhouettes": 6, "landscapes": 3, "collage": 4,
}  # fmt: skip
WEIGHTS = {"People & Body": 0.5, "Symbols": 0.4, "wall tile": 0.4, "floor tile": 0.4, "tile": 0.6}
RESTYLED = 0.12  # share of single pictures that get another look
NAMELESS = 0.04  # share of captions that are a style word only: what it means apart from all names
LIVING = ("monster", "animal", "undead", "demon", "dragon", "person")
KINDS = 0.12  # share of "orc king" that is called "king" only
PIXELATED = ("emoji", "3d emoji", "flat emoji", "clip art", "3d render", "cartoon", "photo")
BARE_SETS = ("noto", "twemoji", "fluent-emoji-flat", "fluent-3d")
WORDS = 22  # longest caption


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


class Scenes(Placing):
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
            # LPC has thousands of figures, which all look alike.
            return Chooser(items, [0.05 if "parts" in rows[i] else 1 for i in items]) if len(items) > 8 else None

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
        self.width = self.height = SIZE
        self.restyle = RESTYLED
        self.pixel_names = {rows[i]["caption"] for i in chosen if rows[i]["kind"] & PIXEL}
        self.names_of = {}
        for i in chosen:
            self.names_of.setdefault(rows[i]["style"], set()).add(rows[i]["caption"])
        kinds = {}
        for i in chosen:
            words = rows[i]["caption"].split()
            if len(words) == 2 and self.is_living(rows[i]):
                kinds.setdefault(words[1], set()).add(words[0])
        # "king" of orc king, elf king, …: words that several beings end with.
        self.kind_words = {word for word, firsts in kinds.items() if len(firsts) >= 3 and word not in COLOR_WORDS}

    def weight(self, row) -> float:
        """`boost` is set for names that the teacher draws badly (weak.py)."""
        return WEIGHTS.get(row.get("class", ""), 1.0) * row.get("boost", 1.0)

    def is_living(self, row) -> bool:
        sprites = row["source"] == "dawnlike" and not row["kind"] & TILE
        return bool(row["kind"] & PIXEL) and "parts" not in row and (sprites or row.get("class") in LIVING)

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
        if "parts" in row:
            return self.figure(row)
        words = row["caption"].split()
        if len(words) == 2 and words[1] in self.kind_words and self.is_living(row) and self.chance(KINDS):
            return words[1]
        return row["caption"]

    def noun(self, row, pixelated: bool, color=None, size=None) -> str:
        """The words for one picture, with its style or bare."""
        style, text = row["style"], " ".join(word for word in (size, color, self.name(row)) if word)
        roll = self.random.random()
        if pixelated:
            style = "pixel art"
        if style and not color and not size and self.chance(NAMELESS):
            return style
        if row["kind"] & PIXEL or pixelated:
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
                return self.noun(row, False), [Layer(i, NEAREST, repeat=bool(row["kind"] & TILE))], False
            # A photograph, or what became of it as pixel art.
            mode = self.random.choice((SMOOTH, PIXELS4, PIXELS2, PIXELS4))
            text = self.noun(row, mode != SMOOTH)
            return text, [self.whole(i, mode)], False
        if self.chance(self.restyle) and (scene := self.restyled(i)):
            return scene
        if row["kind"] & PIXEL:
            if roll < 0.06 and row["scale"] >= 2:
                size = self.random.choice(SMALL)
            elif roll > 0.93 and row["scale"] >= 2:
                place = self.random.choice(list(PLACES))
            text = self.noun(row, False, color, size) + (f" {place}" if place else "")
            return text, [self.sprite(i, color, size, place)], True
        # Not of a name that sprites have: there, a bare name and "pixel art" mean the sprites.
        if row["style"] in PIXELATED and row["caption"] not in self.pixel_names and pick() < 0.45:
            return self.noun(row, True, color), [self.squares(i, PIXELS4, color)], True
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

    def restyled(self, i):
        """A picture in a style that its name is not drawn in, or None."""
        row = self.rows[i]
        pixel = bool(row["kind"] & PIXEL)
        choices = [
            (style, mode) for style, mode in STYLES_OF.get("" if pixel else row["style"], ())
            if row["caption"] not in self.names_of.get(style, ())
            and not (mode == SHAPE and row.get("class") in NO_SHAPE)
            and not (mode in SQUARES and (row["caption"] in self.pixel_names and style == "pixel art" or pixel and max(row["size"]) <= 20))
        ]  # fmt: skip
        if not choices or "parts" in row:
            return None
        style, mode = self.random.choice(choices)
        name = row["caption"]
        text = f"{style} of {article(name)}" if self.chance(0.85) else f"{name}, {style}"
        if mode in SQUARES:
            return text, [self.squares(i, mode)], True
        scale = self.random.uniform(0.8, 0.98)
        x, y = (self.random.uniform(scale - 1, 1 - scale) for _ in range(2))
        return text, [self.smooth(i, scale, x, y, mode=mode)], True

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
        half = self.width // 2
        high = min(half, self.height)
        top = (self.height - high) * self.random.randint(3, 5) // 32 * 4
        areas = (0, top, half, top + high), (half, top, self.width, top + high)
        return text, [self.sprite(n, c, area=area) for n, c, area in zip((i, j), (a, b), areas)], True

    def room(self):
        """Floor and wall tiles with a monster and a thing; tiles of 64 or 32 pixels.

        On small tiles most figures take 2x2 tiles, or 3x3 if there is only one: one tile is too small
        to show a figure.
        """
        floor, wall = self.floors(self.random), self.walls(self.random)
        count = 2 if self.chance(0.45) else 4
        side, step = SIZE // count, float(count)
        layers = [Layer(floor, NEAREST, step=step, repeat=True)]
        walled = self.chance(0.6)
        if walled:
            layers.append(Layer(wall, NEAREST, step=step, repeat=True, clip=(0, 0, 9999, side)))
        number = self.random.choices((1, 2, 3), (5, 4, 1 if count == 4 else 0))[0]
        span = 1 if count == 2 else self.random.choices((1, 2, 3), (1, 7, 3 if number == 1 else 0))[0]
        columns, rows, first = self.width // side, self.height // side, int(walled)
        places = [(x, y) for y in range(first, max(first, rows - span) + 1) for x in range(max(0, columns - span) + 1)]
        self.random.shuffle(places)
        who, taken = [], []
        for pool in (self.actors, self.things, self.actors)[:number]:
            free = [p for p in places if all(abs(p[0] - x) >= span or abs(p[1] - y) >= span for x, y in taken)]
            if not free:
                break
            i, (x, y) = pool(self.random), free[0]
            taken.append((x, y))
            who.append(i)
            area = (x * side, y * side, min(self.width, (x + span) * side), min(self.height, (y + span) * side))
            layers.append(self.sprite(i, area=area))
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
            layers = [self.whole(view, PIXELS4), self.sprite(i, size="half" if self.chance(0.4) else None)]
            if self.chance(0.4):
                text = f"pixel art of {text}"
        else:
            scale = self.random.uniform(0.5, 0.85)
            x, y = self.random.uniform(-1, 1) * (1 - scale), (1 - scale) * self.random.uniform(0, 0.9)
            layers = [self.whole(view, SMOOTH), self.smooth(i, scale, x, y)]
            text = f"collage of {text}"
        return text, layers, False

    def draw(self, width: int = SIZE, height: int = SIZE):
        """Returns (caption, background's RGB in 0 to 255, whether it may vary a little, layers)."""
        self.width, self.height = width, height
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
                # A named color is always the same, so that a cut-out can be made of any of them.
                name = self.random.choice(list(BACKGROUNDS))
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
