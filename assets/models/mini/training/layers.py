"""Where the pictures of a scene are drawn, and how large."""

from looks import HALVED, NEAREST, SMOOTH
from networks import SIZE

PLACES = {  # center offset in half pictures: x to the right, y down
    "on the left": (-1, 0), "on the right": (1, 0), "at the top": (0, -1), "at the bottom": (0, 1),
    "in the top left corner": (-1, -1), "in the top right corner": (1, -1),
    "in the bottom left corner": (-1, 1), "in the bottom right corner": (1, 1),
}  # fmt: skip


class Layer:
    """One picture of a scene.

    mode: how it is drawn (looks.py). left, top: where the canvas of 128x128 begins, pixels;
    step: canvas pixels a pixel of the scene;
    flip: mirrored; clip: left, top, right, bottom of what is drawn; repeat: tiles the scene.
    """

    __slots__ = ("index", "mode", "left", "top", "step", "flip", "clip", "repeat", "color")

    def __init__(self, index, mode, left=0.0, top=0.0, step=1.0, flip=False, clip=(0, 0, 9999, 9999), repeat=False, color=None):
        self.index, self.mode, self.left, self.top, self.step = index, mode, left, top, step
        self.flip, self.clip, self.repeat, self.color = flip, clip, repeat, color


class Placing:
    """Needs `random`, `rows`, and the scene's `width` and `height` in pixels."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def offset(self, low: float, high: float, center: float | None = None, spread: float = 1.0) -> float:
        """A multiple of 4 in [low, high]: by chance, or near a position in [-1, 1] between them."""
        low, high = -(-low // 4), high // 4
        if high < low:
            low = high = (low + high) // 2
        if center is None:
            return 4.0 * self.random.randint(int(low), int(high))
        middle = (low + high) / 2 + center * (high - low) / 2
        return 4.0 * round(middle)

    def enlargement(self, row, width: float, height: float) -> int:
        """The largest whole number by which a sprite's ink fits; of those above 4 a multiple of 4,
        if it is not much smaller: one latent cell lies inside one sprite pixel then."""
        x1, y1, x2, y2 = row["box"]
        k = int(min(row["scale"], width * row["scale"] / (x2 - x1), height * row["scale"] / (y2 - y1)))
        return max(1, k - k % 4 if k < row["scale"] and k - k % 4 >= 0.7 * k else k)

    def sprite(self, i, color=None, size=None, place=None, area=None) -> Layer:
        """A sprite drawn in the whole scene, or in an area: left, top, right, bottom."""
        row = self.rows[i]
        area = area or (0, 0, self.width, self.height)
        k = self.enlargement(row, area[2] - area[0], area[3] - area[1])
        if size or place:
            k = max(1, k // 2)
        step = row["scale"] / k
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

    def smooth(self, i, scale, x, y, color=None, flip=None, mode=SMOOTH) -> Layer:
        """A smooth picture: its scale, and how far its center is from the scene's, in the scene's
        halves."""
        side = min(self.width, self.height) * scale
        flip = self.chance(0.2) if flip is None else flip
        free = max(0.01, 1 - scale)
        left, top = ((length - side) / 2 * (1 + at / free) for length, at in ((self.width, x), (self.height, y)))
        if mode == SMOOTH and side / SIZE < 0.65:
            mode = HALVED
        return Layer(i, mode, left, top, SIZE / side, flip, color=color)

    def whole(self, i, mode) -> Layer:
        """A photograph that fills the scene; its squares keep their size, or it is smooth."""
        side = max(SIZE, self.width, self.height)
        if side > SIZE:
            mode = SMOOTH
        left, top = ((length - side) // 2 // 4 * 4 for length in (self.width, self.height))
        return Layer(i, mode, left, top, SIZE / side, flip=self.chance(0.5))

    def squares(self, i, mode, color=None) -> Layer:
        """A smooth picture or a larger sprite as pixel art of few large squares."""
        left, top = ((length - SIZE) // 2 // 4 * 4 for length in (self.width, self.height))
        layer = Layer(i, mode, left, top, flip=self.chance(0.2), color=color)
        if min(self.width, self.height) < SIZE:  # squares of 3 or 6 pixels
            layer.step, layer.left, layer.top = 4 / 3, (self.width - 96) // 8 * 4, (self.height - 96) // 8 * 4
        return layer
