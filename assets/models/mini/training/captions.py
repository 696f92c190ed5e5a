"""Draws a random scene of one or two emoji: a caption, and where and how each one is drawn.

The grammar is the whole language of `mini`:

    [a|an] [small|big] [colour] NAME [at a place] [on a COLOUR background]
    [a] NAME and [a] NAME [on a COLOUR background]

One caption in ten is empty, for classifier-free guidance (Ho & Salimans 2022).
"""

import random
import unicodedata

BACKGROUNDS = {
    "white": (255, 255, 255), "black": (12, 12, 16), "gray": (128, 128, 132),
    "red": (200, 40, 45), "orange": (240, 140, 40), "yellow": (250, 215, 80),
    "green": (60, 150, 70), "cyan": (80, 200, 215), "blue": (50, 90, 200),
    "purple": (120, 60, 170), "pink": (245, 150, 185), "brown": (110, 70, 45),
    "light blue": (150, 200, 245), "dark blue": (25, 35, 95), "light green": (165, 225, 150),
    "dark green": (25, 80, 50), "teal": (30, 130, 130), "beige": (235, 220, 190),
}  # fmt: skip

# Recoloured objects: (hue in turns or None for no hue, saturation floor, value scale, value offset).
COLOURS = {
    "red": (0.99, 0.0, 1.0, 0.0), "orange": (0.08, 0.0, 1.0, 0.0), "yellow": (0.14, 0.0, 1.0, 0.0),
    "green": (0.35, 0.0, 0.95, 0.0), "cyan": (0.5, 0.0, 1.0, 0.0), "blue": (0.61, 0.0, 1.0, 0.0),
    "purple": (0.77, 0.0, 0.95, 0.0), "pink": (0.92, 0.0, 1.0, 0.05), "brown": (0.07, 0.3, 0.6, 0.0),
    "white": (None, 0.0, 0.3, 0.7), "black": (None, 0.0, 0.35, 0.0), "gray": (None, 0.0, 0.55, 0.2),
}  # fmt: skip

PLACES = {  # centre offset in half pictures: x to the right, y down
    "on the left": (-1, 0), "on the right": (1, 0), "at the top": (0, -1), "at the bottom": (0, 1),
    "in the top left corner": (-1, -1), "in the top right corner": (1, -1),
    "in the bottom left corner": (-1, 1), "in the bottom right corner": (1, 1),
}  # fmt: skip

SMALL, BIG = ("small", "tiny", "little"), ("big", "large", "huge")
ARTICLES, JOINS = ("a", "an"), ("and", "of", "pixel", "art", "background", "the", "next", "to")

# Recognised at a few pixels, so asked for most: drawn twice as often as signs, people half as often.
GROUP_WEIGHT = {"People & Body": 0.5, "Symbols": 0.5}


def grammar_words() -> list[str]:
    text = " ".join([*BACKGROUNDS, *COLOURS, *PLACES, *SMALL, *BIG, *ARTICLES, *JOINS, "on"])
    return sorted(set(text.split()))


class Scenes:
    """Draws scenes; `seed` makes the stream repeatable."""

    def __init__(self, names, spellings, groups, seed: int):
        self.random = random.Random(seed)
        self.names, self.spellings = list(names), list(spellings)
        self.weights = [GROUP_WEIGHT.get(group, 1.0) for group in groups]
        self.index = range(len(self.names))

    def spell(self, i: int) -> str:
        name = self.names[i]
        roll = self.random.random()
        if roll < 0.25:
            return self.spellings[i]
        if roll < 0.35 and not name.isascii():
            return unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode()
        return name

    def article(self, text: str) -> str:
        return ("an " if text[0] in "aeiou" else "a ") + text

    def noun(self, i: int, colour: str | None, size: str | None) -> str:
        text = " ".join(word for word in (size, colour, self.spell(i)) if word)
        roll = self.random.random()
        if roll < 0.25:
            text = self.article(text)
        elif roll < 0.32:
            text = "pixel art of " + self.article(text)
        return text

    def colour(self, i: int, share: float) -> str | None:
        if self.random.random() >= share or set(self.names[i].split()) & (COLOURS.keys()):
            return None
        return self.random.choice(list(COLOURS))

    def one(self):
        pick = self.random.random
        i = self.random.choices(self.index, self.weights)[0]
        colour = self.colour(i, 0.14)
        scale = self.random.uniform(0.8, 0.98)
        slack = 1 - scale
        x, y = (self.random.uniform(-slack, slack) for _ in range(2))
        size = place = None
        roll = pick()
        if roll < 0.05:
            size, scale = self.random.choice(SMALL), self.random.uniform(0.32, 0.5)
            x, y = (self.random.uniform(-1, 1) * (1 - scale) * 0.6 for _ in range(2))
        elif roll < 0.08:
            size, scale = self.random.choice(BIG), self.random.uniform(1.0, 1.25)
            x = y = 0.0
        if roll > 0.92:
            place = self.random.choice(list(PLACES))
            scale = self.random.uniform(0.42, 0.58)
            x, y = (side * (1 - scale) * self.random.uniform(0.8, 1) for side in PLACES[place])
        caption = self.noun(i, colour, size) + (f" {place}" if place else "")
        return caption, [(i, colour, scale, x, y)]

    def two(self):
        i, j = self.random.choices(self.index, self.weights, k=2)
        first, second = self.colour(i, 0.06), self.colour(j, 0.06)
        caption = f"{self.noun(i, first, None)} and {self.noun(j, second, None)}"
        if self.random.random() < 0.25:
            caption = f"{self.noun(i, first, None)} next to {self.noun(j, second, None)}"
        scale = self.random.uniform(0.46, 0.52)
        y = self.random.uniform(-0.1, 0.1)
        x = 1 - scale
        return caption, [(i, first, scale, -x, y), (j, second, scale, x, y)]

    def draw(self):
        """Returns (caption, background, whether it was named, objects [(index, colour, scale, x, y)])."""
        caption, objects = self.one() if self.random.random() < 0.9 else self.two()
        background, roll = "white", self.random.random()
        named = roll < 0.55
        if named:
            background = self.random.choice(list(BACKGROUNDS))
            roll /= 0.55
            if roll < 0.75:
                caption += f" on {self.article(background)} background"
            elif roll < 0.88:
                caption += f" on {background}"
            else:
                caption += f", {background} background"
        if self.random.random() < 0.1:
            caption = ""
        return caption, background, named, objects
