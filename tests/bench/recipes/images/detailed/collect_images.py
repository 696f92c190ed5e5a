"""Makes the detailed input images again, 256x256 pixels, from the packages that CREDITS.md names.

    python3 collect_images.py SKIMAGE SKLEARN FURNITURE FLUENT LAND

The five folders hold, unpacked: skimage/data, sklearn/datasets/images, the .sh3f files of
sweethome3d-furniture, the assets of @lobehub/fluent-emoji-3d, and images/land of endless-sky-data.
Needs Pillow.
"""

import io
import os
import sys
import zipfile

from PIL import Image

SIDE = 256
OUT = os.path.dirname(os.path.abspath(__file__))


def square(image, center=0.5, top=0.5, part=1.0):
    """Crops a square whose side is a part of the shorter side; center and top in [0, 1]."""
    side = int(min(image.size) * part)
    x, y = (int((size - side) * at) for size, at in zip(image.size, (center, top)))
    return image.convert("RGB").crop((x, y, x + side, y + side)).resize((SIDE, SIDE), Image.LANCZOS)


def place(ground, thing, height, left, bottom=1.0):
    """Puts a cut-out on a ground; height, left and bottom are shares of the side."""
    ground, side = ground.copy(), int(SIDE * height)
    thing = thing.crop(thing.getbbox())
    size = (max(1, round(thing.width * side / thing.height)), side)
    thing = thing.convert("RGBa").resize(size, Image.LANCZOS).convert("RGBA")
    ground.paste(thing, (int(SIDE * left), int(SIDE * bottom) - side), thing)
    return ground


def main():
    photos, more, furniture, fluent, land = sys.argv[1:]
    images = {}

    def photo(path, **crop):
        return square(Image.open(path), **crop)

    def person(code):
        return Image.open(f"{fluent}/{code}.webp").convert("RGBA")

    def model(name):
        with zipfile.ZipFile(f"{furniture}/BlendSwap-CC-0.sh3f") as file:
            return Image.open(io.BytesIO(file.read(f"blendswap-cc-0/{name}.png"))).convert("RGBA")

    white = Image.new("RGB", (SIDE, SIDE), "white")
    images["astronaut"] = photo(f"{photos}/astronaut.png", center=0.35, top=0, part=0.8)
    images["cat"] = photo(f"{photos}/chelsea.png", center=0.2)
    images["coffee_cup"] = photo(f"{photos}/coffee.png", center=0.45)
    images["rocket"] = photo(f"{photos}/rocket.jpg")
    images["temple"] = photo(f"{more}/china.jpg", center=0.1)
    images["flower"] = photo(f"{more}/flower.jpg", center=0.4)
    people = {
        "firefighter": "1f9d1-1f3fd-200d-1f692", "vampire": "1f9db-1f3fb",
        "princess": "1f478-1f3fe", "ninja": "1f977-1f3fc",
    }  # fmt: skip
    for name, code in people.items():
        images[name] = place(white, person(code), 0.94, 0.1, 0.97)
    models = {"horse": "horse2", "chicken": "chicken", "teddy_bear": "teddyBear", "barrel": "barrel"}
    for name, file in models.items():
        thing = model(file)
        thing = thing.crop(thing.getbbox())
        images[name] = place(white, thing, 0.94, 0.5 - 0.47 * thing.width / thing.height, 0.97)
    images["beach"] = photo(f"{land}/beach3.jpg", center=0.45)
    images["snow"] = photo(f"{land}/snow4.jpg", center=0.6)
    images["mage_temple"] = place(photo(f"{more}/china.jpg", center=0.1), person("1f9d9-1f3fe-200d-2640-fe0f"), 0.62, 0.45)
    images["elf_forest"] = place(photo(f"{land}/forest3.jpg"), person("1f9dd-1f3fd"), 0.7, 0.12)
    images["prince_canyon"] = place(photo(f"{land}/canyon3.jpg", center=0.1), person("1f934-1f3ff"), 0.66, 0.42)
    images["astronaut_rocket"] = place(photo(f"{photos}/rocket.jpg"), person("1f9d1-1f3fe-200d-1f680"), 0.6, 0.03)
    for name, image in images.items():
        image.save(f"{OUT}/{name}.jpg", quality=88, optimize=True)


main()
