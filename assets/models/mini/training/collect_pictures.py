"""Collects the named pictures that `mini` learns from, all under CC0, MIT, Apache or CC-BY
licenses.

    apt-get install python3-pil python3-numpy librsvg2-bin npm dpkg-dev
    python3 collect_pictures.py --cache build/cache --out build/pictures --repos build/repos

What Debian and the npm registry hold is downloaded (a deb-src line is needed for `crawl`). Three
sources are repositories, cloned beforehand into --repos; a source that is not there is left out:

    git clone https://github.com/tommyettinger/DawnLikeAtlas               # 6bbe86b03b92
    git clone https://github.com/Papyszoo/CC0-Public-Domain-Sprites       # e27131731f89
    git clone https://github.com/ElizaWy/LPC                              # f07f7f5892e6
    git clone https://github.com/crawl/tiles                              # a6ea1655db5c, doubtful tiles

From nothing, all takes ten minutes on two busy cores: a minute of downloads, five of drawing emoji.

Writes one tar file for each source. It holds WebP pictures and `captions.jsonl`, a line for each
picture: file, caption, class, style, size [width, height] in pixels of the original, and for LPC
figures the parts of the caption. Sprites keep their pixels (lossless); smooth pictures are scaled
to 96 or 128 pixels with alpha. CREDITS.md beside the weights names authors and licenses.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import random
import re
import subprocess
import tarfile
import unicodedata
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from glob import glob

import numpy as np
from PIL import Image


DEBIAN = ["angband", "angband-data", "openclipart-svg", "sweethome3d-furniture", "endless-sky-data", "unicode-data"]
EMOJI_SETS = {  # npm package: style
    "noto@1.2.9": "emoji", "noto-v1@1.2.5": "emoji", "twemoji@1.2.5": "emoji", "fxemoji@1.2.2": "emoji",
    "emojione@1.2.3": "emoji", "fluent-emoji@1.2.7": "emoji", "fluent-emoji-flat@1.2.6": "flat emoji",
    "streamline-emojis@1.2.4": "outlined emoji",
}  # fmt: skip
NPM = [*(f"@iconify-json/{name}" for name in EMOJI_SETS), "@iconify-json/game-icons@1.2.4", "@lobehub/fluent-emoji-3d@1.1.0"]

# Left out wherever they stand in a caption: trademarks and others' characters, slurs, gore, rude
# words.
BANNED = set("""
    aragorn arwen boromir frodo gandalf gimli legolas merry pippin sam saruman sauron isildur eomer
    gil galad
    balrog nazgul ringwraith bilbo smeagol gollum shelob smaug morgoth melkor elbereth hobbit ent
    silmaril
    chunli norris mario luigi pikachu pokemon yoda jedi lightsaber zelda shrek april disney mickey
    superman
    batman spiderman linux tux debian ubuntu microsoft windows apple-logo google firefox mozilla
    gnome-logo
    facebook twitter coca pepsi nike ikea lego wikipedia aiga openclipart inkscape gimp kde yinyang
    sex sexy nude naked porn breast bra bikini penis vagina condom bondage succubus incubus nymph
    blood bloody gore corpse guts entrails severed decapitated suicide hanged dismembered mutilated
    torture
    nazi swastika hitler kkk fuck shit bitch whore slut nigger faggot cannabis marijuana cocaine
    heroin
    erotic middle-finger anus flayed gutted crucifix crucified chevrolet ford toyota bmw ferrari
    porsche volkswagen mercedes audi honda sony nintendo playstation xbox ipod ipad iphone macbook
""".split())
COLORS = set("red orange yellow green cyan blue purple pink brown white black gray grey gold golden silver magenta violet "  # language: data
             "lightblue lightgreen lightred lightcyan lightmagenta lightgray darkgray dark light bright dim".split())
GENERIC = set("item items ship ships character characters monster monsters element elements player special environment "
              "example structure background backgrounds white blue red black icon symbol object".split())
DIRECTIONS = set("n s e w ne nw se sw ns we nsw nse nwe swe nswe left right up down c h v alone flat center divider "
                 "north south east west".split())


def clean(text: str) -> str:
    """Spells a file name as a caption: words in lower case, no digits at the end."""
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    text = re.sub(r"[_\-./()\[\],:;!?#]+", " ", text).lower()
    words = [re.sub(r"(?<=[a-z])\d+$", "", word) for word in text.split()]
    return " ".join(word for word in words if word and not word.isdigit())


def normalize(name: str) -> str:
    """Spells a CLDR name as a prompt: lower case, straight apostrophes, words and blanks only."""
    name = unicodedata.normalize("NFC", name.lower()).replace("’", "'").replace("&", "and")
    return re.sub(r"\s+", " ", re.sub(r"[^\w' ]", " ", name)).strip()


def color_first(caption: str) -> str:
    """'hood red' -> 'red hood'."""
    words = caption.split()
    for i, word in enumerate(words[1:], 1):
        if word in COLORS and not set(words[:i]) & COLORS:
            return " ".join([word, *words[:i], *words[i + 1 :]])
    return caption


def allowed(caption: str) -> bool:
    words = caption.split()
    if caption in GENERIC:
        return False
    return 0 < len(words) <= 7 and not set(words) & BANNED and caption.isascii() and len(caption) > 2


class Pack:
    """A tar file of pictures and their captions. Identical pictures are kept once."""

    def __init__(self, folder: str, name: str):
        os.makedirs(folder, exist_ok=True)
        self.name, self.rows, self.seen = name, [], set()
        self.tar = tarfile.open(f"{folder}/{name}.tar", "w")

    def write(self, name: str, data: bytes):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))

    def add(self, image, caption: str, kind: str, style: str, side: int = 0, **more):
        """Adds a picture; side 0 keeps its pixels, else the longer side is scaled to `side`
        pixels."""
        image = image.convert("RGBA")
        size = image.size
        if side:
            # Premultiplied while resizing, so that transparent pixels do not bleed their color.
            scale = side / max(size)
            shape = tuple(max(1, round(x * scale)) for x in size)
            image = image.convert("RGBa").resize(shape, Image.LANCZOS).convert("RGBA")
        pixels = np.array(image)
        pixels[pixels[..., 3] == 0] = 0
        if (pixels[..., 3] > 40).mean() < 0.02:
            return False
        image = Image.fromarray(pixels)
        digest = hashlib.sha1(pixels.tobytes() + str(image.size).encode()).digest()
        if digest in self.seen:
            return False
        self.seen.add(digest)
        buffer = io.BytesIO()
        image.save(buffer, "webp", **({"quality": 75, "method": 4} if side else {"lossless": True, "method": 4}))
        file = f"{len(self.rows):05d}.webp"
        self.write(file, buffer.getvalue())
        row = {"file": file, "caption": caption, "class": kind, "style": style, "size": list(size), **more}
        self.rows.append(row)
        return True

    def close(self):
        self.write("captions.jsonl", "".join(json.dumps(row) + "\n" for row in self.rows).encode())
        self.tar.close()
        captions = len({row["caption"] for row in self.rows})
        print(f"{self.name}: {len(self.rows)} pictures, {captions} captions,"
              f" {os.path.getsize(self.tar.name) / 1e6:.1f} MB", flush=True)


# Downloads


def run(*command, cwd=".", check=True):
    return subprocess.run(command, cwd=cwd, check=check, capture_output=True)


def download(cache: str):
    os.makedirs(cache, exist_ok=True)
    for name in DEBIAN:
        if not os.path.isdir(f"{cache}/{name}"):
            run("apt-get", "download", name, cwd=cache)
            run("dpkg-deb", "-x", glob(f"{cache}/{name}_*.deb")[0], f"{cache}/{name}")
    if not os.path.isdir(f"{cache}/crawl"):
        # Ends with an error where a mirror lacks the small debian.tar.xz; the sources are there.
        run("apt-get", "source", "--download-only", "crawl", cwd=cache, check=False)
        os.makedirs(f"{cache}/crawl")
        run("tar", "xf", os.path.abspath(glob(f"{cache}/crawl_*.orig.tar.xz")[0]), cwd=f"{cache}/crawl")
    for name in NPM:
        folder = f"{cache}/{name.split('@')[1].replace('/', '-')}"
        if not os.path.isdir(folder):
            file = run("npm", "pack", name, cwd=cache).stdout.decode().split()[-1]
            os.makedirs(folder)
            run("tar", "xf", os.path.abspath(f"{cache}/{file}"), cwd=folder)


# Pixel art


SUFFIX = {"item/potion": "potion", "item/ring": "ring", "item/amulet": "amulet", "item/wand": "wand", "item/rod": "rod",
          "item/staff": "staff", "item/scroll": "scroll", "item/book": "book", "dngn/altars": "altar",
          "dngn/trees": "tree", "dngn/statues": "statue", "dngn/doors": "door", "dngn/water": "water",
          "dngn/floor": "floor", "dngn/wall": "wall", "player/hair": "hair", "player/beard": "beard",
          "player/cloak": "cloak", "player/boots": "boots", "player/gloves": "gloves"}  # fmt: skip
FIRST = ("tree", "statue", "staff", "ring", "amulet", "book", "scroll", "misc", "wand", "robe", "cloak")
GROUND = "floor grass dirt water lava sand mud ice rug carpet mosaic road path moss sigil".split()
# Chess pieces and the like that bear the name of a being, and artifacts named after one.
BEINGS = set("king queen knight bishop rook pawn thief wizard priest hunter beast".split())  # language: data
KINDS = {"mon": "monster", "animals": "animal", "weapon": "weapon", "armour": "armor", "potion": "potion", "ring": "ring",
         "wand": "wand", "wall": "wall tile", "floor": "floor tile", "trees": "tree", "undead": "undead", "dragons": "dragon",
         "food": "food", "doors": "door", "statues": "statue", "altars": "altar", "scroll": "scroll", "book": "book",
         "demons": "demon", "staff": "staff", "player": "person", "shields": "shield", "headgear": "helmet"}  # fmt: skip


def crawl_caption(folder: str, stem: str) -> str | None:
    """Returns the caption of a tile of Dungeon Crawl Stone Soup, None to leave it out."""
    stem = re.sub(r"^(urand|misc|item|gem|UNUSED|spwpn)[_-]", "", stem)
    if stem.startswith("i-") or re.search(r"segment|overlay|halo|shadow_|_old|inactive|brand|unident|_r?msg|label", stem):
        return None
    words = clean(stem).split()
    female = folder.startswith("player/base") and ("f" in words)
    male = folder.startswith("player/base") and ("m" in words)
    if (set(words) & DIRECTIONS or re.search(r"_(ne|nw|se|sw|[nsew])\b", stem)) and "staff" not in words:
        return None
    words = [word for word in words if len(word) > 1 and word not in ("art", "ego", "new", "full", "base", "unique")]
    words = ["orc" if word == "lorc" else word for word in words]
    if len(words) > 1 and words[0] in FIRST:
        words = [*words[1:], words[0]]
    for prefix, noun in SUFFIX.items():
        if folder.startswith(prefix) and "artefact" not in folder and noun not in words:  # language: data
            if noun == "floor" and set(words) & set(GROUND):
                continue
            words.append(noun)
            break
    if female or male:
        words.insert(0, "female" if female else "male")
    return color_first(" ".join(words))


def dcss(cache: str, out: str, repos: str):
    root = glob(f"{cache}/crawl/*/source/rltiles")[0]
    doubtful = set()
    listed = f"{repos}/tiles/TILES_UNDER_UNKNOWN_LICENSE.md"
    if os.path.exists(listed):
        doubtful = {os.path.splitext(os.path.basename(x))[0] for x in re.findall(r"[\w/.-]+\.png", open(listed).read())}
    else:
        print("dcss: no list of doubtful tiles, left out", flush=True)
        return
    pack = Pack(out, "dcss")
    for path in sorted(glob(f"{root}/**/*.png", recursive=True)):
        folder, file = os.path.split(os.path.relpath(path, root))
        stem = os.path.splitext(file)[0]
        unused = folder.startswith("UNUSED/")
        kind = folder.split("/")
        if kind[0] in ("gui", "effect", "misc") or "panlord" in folder or stem in doubtful or "blood" in folder or "tentacles" in folder:
            continue
        if unused and kind[1] in ("effects", "gui", "other", "spells", "floor", "player", "emissaries"):
            continue
        if kind[0] == "player" and len(kind) > 1 and kind[1] in ("ench", "halo", "mutations", "drcwing", "barding", "legs"):
            continue
        if stem.startswith(("demon_head", "demon_body", "demon_wings")) or "brands" in folder or "icons" in folder:
            continue
        caption = crawl_caption(folder, stem)
        image = Image.open(path).convert("RGBA")
        if caption is None or not allowed(caption) or max(image.size) > 48 or min(image.size) < 8:
            continue
        tile = folder.startswith(("dngn/floor", "dngn/wall")) and np.array(image)[..., 3].mean() > 253
        if folder.startswith(("dngn/floor", "dngn/wall")) and not tile:
            continue
        if kind[0] == "player" and kind[1] not in ("base", "felids", "transform"):
            box = image.getbbox()
            if box is None:
                continue
            image = image.crop(box)
        name = next((KINDS[part] for part in reversed(kind) if part in KINDS), "item")
        if kind[0] == "item" and caption.split()[-1] in BEINGS:
            continue
        pack.add(image, caption, name, "pixel art", **({"tile": True} if tile else {}))
    pack.close()


def angband(cache: str, out: str):
    """Gervais' 32x32 tiles. Tolkien's proper names become the kind of the monster."""
    etc = f"{cache}/angband/etc/angband"
    unique, kind = {}, {}
    number = None
    for line in open(f"{etc}/edit/monster.txt", encoding="latin1"):
        if match := re.match(r"N:(\d+):(.*)", line):
            number = int(match[1])
        elif line.startswith(("T:", "B:")) and number is not None and number not in kind:
            kind[number] = line[2:].strip()
        elif line.startswith("F:") and "UNIQUE" in line:
            unique[number] = True
    pack = Pack(out, "angband")
    for side, prefs in ((32, "graf-dvg.prf"),):
        sheet = Image.open(f"{cache}/angband-data/usr/share/angband/xtra/graf/{side}x{side}.png").convert("RGBA")
        pixels, seen, comment = np.array(sheet), set(), ""
        for line in open(f"{etc}/pref/{prefs}", encoding="latin1"):
            line = line.strip()
            if line.startswith("#"):
                comment = line[1:].strip()
                continue
            parts = line.split(":")
            if parts[0] not in ("R", "K", "F") or len(parts) < 4:
                continue
            row, column = (int(x, 0) - 0x80 for x in parts[-2:])
            if (row, column) in seen or row < 0 or column < 0 or (row + 1) * side > pixels.shape[0] or (column + 1) * side > pixels.shape[1]:
                continue
            seen.add((row, column))
            group = {"R": "monster", "K": "item", "F": "terrain"}[parts[0]]
            if parts[0] == "R":
                number = int(parts[1])
                caption = kind.get(number, "") if unique.get(number) else comment
                if unique.get(number) and caption == "ghost":
                    continue  # They are crowned skeletons.
            elif parts[0] == "K":
                caption = f"{parts[2]} {parts[1]}" if not parts[1].isdigit() and not clean(parts[1]) in clean(parts[2]) else parts[2]
                group = parts[1] if not parts[1].isdigit() else group
                if parts[1] in ("food", "light", "flask", "gold"):
                    caption = parts[2]
            else:
                caption = comment
                if len(parts) > 4 and parts[2] not in ("lit", "all"):
                    continue
            caption = clean(re.sub(r"[<>'&~|]", "", caption))
            if not allowed(caption) or "unknown" in caption or "pile" == caption:
                continue
            tile = pixels[row * side : (row + 1) * side, column * side : (column + 1) * side].copy()
            pack.add(Image.fromarray(tile), caption, clean(group), "pixel art")
    pack.close()


def rows_of(tar: str):
    with tarfile.open(tar) as file:
        names = {os.path.basename(name): name for name in file.getnames()}
        rows = [json.loads(line) for line in file.extractfile(names["captions.jsonl"]).read().decode().splitlines()]
        for row in rows:
            yield row, Image.open(io.BytesIO(file.extractfile(names[row["file"]]).read()))


def dawnlike_files(repos: str):
    """Yields (caption, picture) of github:tommyettinger/DawnLikeAtlas, or of a tar of it with
    captions."""
    if os.path.exists(f"{repos}/dawnlike.tar"):
        for row, image in rows_of(f"{repos}/dawnlike.tar"):
            yield row["caption"], image
        return
    for path in sorted(glob(f"{repos}/DawnLikeAtlas/renamed/**/*.png", recursive=True)):
        stem = os.path.splitext(os.path.basename(path))[0]
        if not re.search(r"_[1-9]\d*$", stem):  # the first picture of each animation
            yield clean(re.sub(r"_0$", "", stem)), Image.open(path)


def cc0_files(repos: str):
    """Yields (row, picture) of github:Papyszoo/CC0-Public-Domain-Sprites, or of a tar of it with
    captions."""
    if os.path.exists(f"{repos}/cc0.tar"):
        yield from rows_of(f"{repos}/cc0.tar")
        return
    for path in sorted(glob(f"{repos}/CC0-Public-Domain-Sprites/packs/*/sprites/**/*.png", recursive=True)):
        pack = path.split("/packs/")[1].split("/")[0]
        if re.match("kenney|pixelboy|pixelfrog|lostgarden|devwizard", pack):
            image = Image.open(path)
            if max(image.size) <= 512:
                yield {"caption": clean(os.path.splitext(os.path.basename(path))[0]), "class": pack, "size": image.size}, image


def dawnlike(out: str, repos: str):
    pack = Pack(out, "dawnlike")
    for caption, image in dawnlike_files(repos):
        words = clean(caption).split()
        kept = [word for word in words if word not in DIRECTIONS and len(word) > 1]
        gone = [word for word in words if word not in kept]
        # Of walls, rivers and fields with edges, only the pieces without an edge.
        if gone and not (len(gone) == 1 and (gone[0] in ("c", "center", "flat", "alone") or len(gone[0]) == 1)):
            continue
        caption = " ".join(kept)
        if not allowed(caption) or set(kept) & {"gauge", "icon", "burst", "beam", "hallucination", "engulf", "board", "swallow"}:
            continue
        pixels = np.array(image.convert("RGBA"))
        tile = pixels[..., 3].mean() > 253 and bool(set(kept) & {"floor", "wall", "tile", "water", "grass", "field"})
        pack.add(image, caption, "tile" if tile else "", "tiny pixel art", **({"tile": True} if tile else {}))
    pack.close()


CC0_PIXEL = re.compile("pixelboy|pixelfrog|devwizard|pixel-vehicle|monochrome-rpg|hard-vacuum|pico-8")
CC0_DROPPED = re.compile("board-game-icons|game-icons|input|cursor|ui-pack|crosshair|light-mask|particle|font|emotes|monster-builder|noise|pico-8|desert-shooter|parallax|monochrome|"
                         "1-bit-platformer|minimap|ui-borders|splat|sketch-")
CC0_WORDS = set("""items item character characters enemy weapons monsters animals buildings vehicles
aircraft infantry ships
    background backgrounds elements alt other objects in game char outline space""".split())
CC0_BAD = set("""hud ui font faceset example part parts particle particles idle jump fall hit
tilemap packed layer layers fx
    effects shadow icon arm head body leg wake gray brown yellow green pink purple off dust ground
    decorations dialog closing
    pieces attach detail eye mouth bar roof ramp particles case middle tile tracks dice card cards
    button shots start end extend damaged""".split())
# Names that say nothing, or of pieces only.
CC0_EMPTY = {"tile", "panel", "crew", "face", "ret", "splat", "emblem", "transition", "space", "shoot", "hull large",
             "hull small", "sail large", "sail small", "special barrel", "explosion smoke"}  # fmt: skip  # language: data
CC0_MOST = 12  # pictures of one name


def cc0(out: str, repos: str):
    """Kenney's, Pixel-boy's, Pixel Frog's and Lost Garden's packs."""
    pack, count = Pack(out, "cc0"), Counter()
    for row, image in cc0_files(repos):
        words = [word for word in clean(row["caption"]).split() if not re.fullmatch(r"(\d+x)+", word)]
        pixel = bool(CC0_PIXEL.search(row["class"]))
        if CC0_DROPPED.search(row["class"]) or (len(words) > 1 or pixel) and set(words) & CC0_BAD:
            continue
        if "toon-characters" in row["class"] and max(row["size"]) < 200:
            continue
        if row["class"] == "kenney-medieval-rts" or "sci-fi-rts" in row["class"]:
            words = [word.replace("scifi", "science fiction") for word in words]
        kept = [word for word in words if word not in CC0_WORDS and len(word) > 1]
        if "space-shooter-extension" in row["class"]:
            kept = ["space", *kept]
        text = " ".join(kept).replace("female person", "woman").replace("male person", "man")
        text = re.sub(r"\b(male|player)\b ?", "", text.replace("zoimbie", "zombie").replace("truckdark", "dark truck"))
        text = text.replace("truckcabin", "truck cabin").replace("stnrock", "stone").replace("bigrock", "big rock")
        if pixel:
            # Some have a background of one color instead of transparency.
            pixels = np.array(image.convert("RGBA"))
            corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
            if (corners == corners[0]).all() and corners[0, 3] == 255:
                pixels[(pixels == corners[0]).all(-1)] = 0
            image = Image.fromarray(pixels)
            if image.getbbox() is None:
                continue
            image = image.crop(image.getbbox())
        w, h = image.size
        if text in CC0_EMPTY or count[text] >= CC0_MOST:
            continue
        if not allowed(text) or max(w, h) / min(w, h) > 2.2 or min(w, h) < 8 or (pixel and max(w, h) > 96):
            continue
        if pixel:
            count[text] += pack.add(image, text, "", "pixel art" if max(w, h) > 20 else "tiny pixel art")
        else:
            count[text] += pack.add(image, text, "", "cartoon", 96)
    pack.close()


# LPC: a paper doll


class Blobs:
    """Reads files of a git repository without a work tree."""

    def __init__(self, repository: str):
        self.repository = repository
        self.paths = run("git", "ls-tree", "-r", "--name-only", "-z", "HEAD", cwd=repository).stdout.decode().split("\0")
        self.process = subprocess.Popen(
            ["git", "cat-file", "--batch"], cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def image(self, path: str):
        self.process.stdin.write(f"HEAD:{path}\n".encode())
        self.process.stdin.flush()
        header = self.process.stdout.readline().split()
        if header[-1] == b"missing":
            return None
        data = self.process.stdout.read(int(header[2]) + 1)[:-1]
        return Image.open(io.BytesIO(data)).convert("RGBA")


ROWS = {"from behind": 0, "from the left": 1, "": 2, "from the right": 3}  # of a sheet of 64x64 cells


def named(folder: str) -> str:
    """'Shirt 02 - V-neck Longsleeve Shirt' -> 'v neck longsleeve shirt'."""
    return clean(folder.split(" - ", 1)[-1])


def lpc(out: str, repos: str, count: int):
    root = next((path for path in (f"{repos}/LPC", f"{repos}/ElizaWy+LPC/repo") if os.path.isdir(path)), None)
    if root is None:
        print("lpc: no repository, left out", flush=True)
        return
    blobs, pick, cache = Blobs(root), random.Random(7), {}
    sheets = sorted(p for p in blobs.paths if p.startswith("Characters/") and p.endswith("/Idle.png") and "_Alternate" not in p)
    groups = {}  # folder of a garment -> its dyes
    for path in sheets:
        folder, dye = path[: -len("/Idle.png")].rsplit("/", 1)
        if not dye.startswith("_") and " - " in folder.rsplit("/", 1)[-1]:
            groups.setdefault(folder, []).append(dye)
    behind = {p for p in sheets if "/_Behind/" in p or "/_ Behind/" in p}

    def cell(path, row):
        if path not in cache:
            cache[path] = blobs.image(path)
        sheet = cache[path]
        return None if sheet is None else sheet.crop((0, row * 64, 64, row * 64 + 64))

    def pieces(pattern):
        return [folder for folder in groups if re.search(pattern, folder)]

    heads = {"Feminine": pieces("Head 01"), "Masculine": pieces("Head 02")}
    pack = Pack(out, "lpc")
    tries = 0
    while len(pack.rows) < count and tries < 3 * count:
        tries += 1
        sex = pick.choice(["Feminine", "Masculine"])
        body = pieces(f"Characters/Body/Body .*{sex}")[0]
        skin = pick.choice(groups[body])
        old = pick.random() < 0.12
        head = pieces("Head 03")[0] if old else heads[sex][0]
        facing = pick.choices(list(ROWS), [1, 1.5, 6, 1.5])[0]
        layers, parts = [(body, skin), ], {}

        def wear(pattern, slot, chance=1.0):
            if pick.random() >= chance:
                return
            folder = pick.choice(pieces(pattern))
            dye = pick.choice(groups[folder])
            layers.append((folder, dye))
            parts[slot] = f"{clean(dye)} {named(folder)}"

        clothing = f"Characters/Clothing/{sex}, Thin"
        wear(f"{clothing}/Feet/", "feet", 0.85)
        wear(f"{clothing}/Legs/", "legs")
        wear(f"{clothing}/Torso/", "torso", 0.97 if sex == "Masculine" else 1)
        wear(f"{clothing}/Torso 2/", "over", 0.12)
        layers.append((head, skin))
        hair = None
        roll = pick.random()
        if roll < 0.82:
            folder = pick.choice(pieces("Characters/Hair/(Short|Medium)"))
            dye = pick.choice(groups[folder])
            hair = (folder, dye)
            layers.append(hair)
            parts["hair"] = f"{clean(dye)} {named(folder)} hair"
        if sex == "Masculine" and pick.random() < 0.3:
            folder = pick.choice(pieces("Facial Hair"))
            dye = hair[1] if hair and hair[1] in groups[folder] else pick.choice(groups[folder])
            layers.append((folder, dye))
            parts["beard"] = named(folder)
        if pick.random() < 0.1:
            wear("Head Accessories/Eyewear", "glasses")
        if roll >= 0.82:
            wear("Head Accessories/Helm 0", "helm")
        wings = None
        if pick.random() < 0.06:
            folder = pick.choice(pieces("Body/Wings"))
            wings = (folder, pick.choice(groups[folder]))
            parts["wings"] = f"{clean(wings[1])} {named(folder)}"
        row = ROWS[facing]
        canvas = Image.new("RGBA", (64, 64))
        for piece in (hair, wings):
            if piece:
                for name in ("_Behind", "_ Behind"):
                    path = f"{piece[0]}/{name}/{piece[1]}/Idle.png"
                    if path in behind and (layer := cell(path, row)):
                        canvas.alpha_composite(layer)
        if wings:
            layers.append(wings)
        for folder, dye in layers:
            layer = cell(f"{folder}/{dye}/Idle.png", row)
            if layer:
                canvas.alpha_composite(layer)
        if not wings:  # Some sheets have a stray piece beside the figure.
            clean_cell = Image.new("RGBA", (64, 64))
            clean_cell.paste(canvas.crop((14, 0, 48, 64)), (14, 0))
            canvas = clean_cell
        who = {"Feminine": "woman", "Masculine": "man"}[sex]
        pack.add(canvas, f"old {who}" if old else who, "person", "pixel art", parts=parts, facing=facing)
    pack.close()


# Smooth pictures


def rasterize(jobs, width: int):
    """Yields (key, picture) for (key, SVG text): on all cores, through rsvg-convert."""

    def one(job):
        key, svg = job
        command = ["rsvg-convert", "-w", str(width), "-h", str(width), "--keep-aspect-ratio"]
        done = subprocess.run(command, input=svg, capture_output=True, timeout=60)
        return key, done.stdout

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for key, png in pool.map(one, jobs):
            try:
                yield key, Image.open(io.BytesIO(png)).convert("RGBA")
            except OSError:
                continue


def squared(image):
    """Crops a picture to its ink and centers it in a square."""
    box = image.getbbox()
    if box is None:
        return image
    ink = image.crop(box)
    side = max(ink.size)
    square = Image.new("RGBA", (side, side))
    square.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    return square


def emoji_names(cache: str):
    """Returns {letters only: name}, {code points: name} and the names of groups, by Unicode's
    list."""
    joined, codes, groups, group = {}, {}, {}, ""
    for line in open(glob(f"{cache}/unicode-data/**/emoji-test.txt", recursive=True)[0], encoding="utf8"):
        if line.startswith("# group:"):
            group = line[8:].strip()
        match = re.match(r"^([0-9A-F ]+?)\s*; (?:fully|minimally|un)\S*\s*# (\S+) E[\d.]+ (.+)$", line)
        if not match or group == "Flags":
            continue
        points = match[1].lower().split()
        if any(0x1F3FB <= int(p, 16) <= 0x1F3FF for p in points):
            continue
        name = normalize(match[3])
        if "button" in name or "keycap" in name or "“" in match[3]:
            continue
        joined[re.sub(r"[^a-z0-9]", "", normalize(match[3]).encode("ascii", "ignore").decode())] = name
        codes["-".join(p for p in points if p != "fe0f")] = name
        groups[name] = group
    return joined, codes, groups


SKIPPED_EMOJI = re.compile(r"skin-tone|^flag-|keycap|^letter-|^digit-|button|squared|japanese-.*button|regional|cjk|ideograph|^family|"
                           r"^kiss-|^couple-with-heart-|men-holding|women-holding|people-holding|(?<!car)-(light|medium|dark|medium-light|medium-dark)$|"
                           r"oclock|thirty|input-|middle-finger|blood|cigar|facing-right|^rightwards|^leftwards|-\d$")


def emoji(cache: str, out: str):
    joined, codes, groups = emoji_names(cache)
    pack = Pack(out, "emoji")
    for package, style in EMOJI_SETS.items():
        folder = f"{cache}/iconify-json-{package.split('@')[0]}"
        icons = json.load(open(glob(f"{folder}/package/icons.json")[0]))
        jobs = []
        for key, icon in icons["icons"].items():
            letters = re.sub(r"[^a-z0-9]", "", key)
            if SKIPPED_EMOJI.search(key) or icon.get("hidden"):
                continue
            name = joined.get(letters) or joined.get(re.sub(r"\d+$", "", letters))
            if name is None:
                if package.startswith("fxemoji"):
                    continue  # Its names have no spaces; only those of Unicode's list can be read.
                name = clean(key)
            if len(name) > 1 and not set(name.split()) & BANNED and len(name.split()) <= 7:
                width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
                svg = (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
                       f' viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}">{icon["body"]}</svg>')
                jobs.append((name, svg.encode()))
        before = len(pack.rows)
        for name, image in rasterize(jobs, 128):
            pack.add(squared(image), name, groups.get(name, ""), style, 96, set=package.split("@")[0])
        print(f"emoji: {package} {len(pack.rows) - before}", flush=True)
    for path in sorted(glob(f"{cache}/lobehub-fluent-emoji-3d/package/assets/*.webp")):
        points = [p for p in os.path.basename(path)[:-5].split("-") if p != "fe0f"]
        name = codes.get("-".join(points))
        if name and not SKIPPED_EMOJI.search(name.replace(" ", "-")) and not set(name.split()) & BANNED:
            pack.add(squared(Image.open(path).convert("RGBA")), name, groups.get(name, ""), "3d emoji", 96, set="fluent-3d")
    pack.close()


def game_icons(cache: str, out: str):
    icons = json.load(open(glob(f"{cache}/iconify-json-game-icons/package/icons.json")[0]))["icons"]
    pack, jobs = Pack(out, "silhouettes"), []
    for key, icon in icons.items():
        name = clean(key)
        if allowed(name) and not re.match(r"card |dice |tarot|\d", name):
            svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">{icon["body"]}</svg>'
            jobs.append((name, svg.replace("currentColor", "#000").encode()))
    for name, image in rasterize(jobs, 96):
        pack.add(squared(image), name, "", "black silhouette icon", 96)
    pack.close()


CLIP_DROPPED = re.compile(r"^(computer|shapes|special|buttons|geography/|geography$|signs_and_symbols/flags|signs_and_symbols/map_symbols|"
                          r"transportation/roadsigns|people/stickmen|people/smilies|office$)")
CLIP_GENERIC = re.compile(r"^(card|map symbols?|icon|clip ?art|untitled|unnamed|test|logo|symbol|sign|drawing|image|title|figure|"
                          r"\w)$|domino|playing|king of|queen of|jack of|ace of|hearts|spades|diamonds|clubs|label|flag|map|callout|"
                          r"\b(di|della|del|con|una?|il|la|le|du|des|et|avec)\b")


def svg_title(text: str) -> tuple[str, bool]:
    """Returns the title of an Openclipart file and whether it says that it is in the public
    domain."""
    title = re.search(r"<dc:title>\s*([^<]+?)\s*</dc:title>", text)
    free = bool(re.search(r"(?i)public.?domain", text))
    return (title[1] if title else ""), free


def openclipart(cache: str, out: str):
    root = f"{cache}/openclipart-svg/usr/share/openclipart/svg"
    if not os.path.isdir(root):
        root = os.path.dirname(glob(f"{cache}/openclipart-svg/**/animals", recursive=True)[0])
    jobs, count = [], Counter()
    for path in sorted(glob(f"{root}/**/*.svg*", recursive=True)):
        folder, file = os.path.split(os.path.relpath(path, root))
        if CLIP_DROPPED.search(folder) or "_arch" in file or os.path.getsize(path) > 600_000 or os.path.islink(path):
            continue
        raw = open(path, "rb").read()
        if path.endswith("z"):
            raw = gzip.decompress(raw)
        title, free = svg_title(raw.decode("utf8", "ignore"))
        caption = clean(title)
        if not free or not title.isascii() or not allowed(caption) or len(caption.split()) > 4 or CLIP_GENERIC.search(caption):
            continue
        count[caption] += 1
        if count[caption] <= 6:
            jobs.append(((caption, folder.split("/")[-1]), raw))
    pack = Pack(out, "openclipart")
    for (caption, folder), image in rasterize(jobs, 128):
        pack.add(squared(image), caption, clean(folder), "clip art", 96)
    pack.close()


def sweethome(cache: str, out: str):
    pack = Pack(out, "sweethome3d")
    for path in sorted(glob(f"{cache}/sweethome3d-furniture/**/*.sh3f", recursive=True)):
        with zipfile.ZipFile(path) as file:
            text = file.read("PluginFurnitureCatalog.properties").decode("latin1")
            values = dict(re.findall(r"(?m)^\s*([\w]+#\d+)\s*[=:]\s*(.*?)\s*$", text))
            for key in [key for key in values if key.startswith("name#")]:
                number = key.split("#")[1]
                caption = clean(values[key].encode().decode("unicode_escape"))
                icon = values.get(f"icon#{number}", "").lstrip("/")
                if allowed(caption) and icon in file.namelist():
                    image = squared(Image.open(io.BytesIO(file.read(icon))).convert("RGBA"))
                    pack.add(image, caption, clean(values.get(f"category#{number}", "")), "3d render", 128)
    pack.close()


def landscapes(cache: str, out: str):
    """Six square crops of each photograph in the public domain."""
    pack = Pack(out, "landscapes")
    for path in sorted(glob(f"{cache}/endless-sky-data/**/land/*.jpg", recursive=True)):
        stem = os.path.splitext(os.path.basename(path))[0]
        if re.search(r"myrabella|bwerner|dmottl|mfield|^lava5|-(sfiera|striker|harro|iridium|spfld)", stem):
            continue
        caption = clean(re.sub(r"\d.*$", "", stem.split("-")[0])).replace("nasa", "space")
        if not allowed(caption):
            continue
        image = Image.open(path).convert("RGB")
        w, h = image.size
        big, small = min(w, h), int(min(w, h) * 0.7)
        boxes = [(x, 0, big) for x in (0, (w - big) // 2, w - big)]
        boxes += [(x, h - small, small) for x in (w // 12, (w - small) // 2, w - small - w // 12)]
        for x, y, side in boxes:
            pack.add(image.crop((x, y, x + side, y + side)), caption, "landscape", "photo", 128)
    pack.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", default="build/cache")
    parser.add_argument("--repos", default="build/repos")
    parser.add_argument("--out", default="build/pictures")
    parser.add_argument("--only", nargs="*", help="names of sources")
    parser.add_argument("--figures", type=int, default=6000, help="LPC figures to compose")
    args = parser.parse_args()
    download(args.cache)
    sources = {
        "dcss": lambda: dcss(args.cache, args.out, args.repos), "angband": lambda: angband(args.cache, args.out),
        "dawnlike": lambda: dawnlike(args.out, args.repos), "cc0": lambda: cc0(args.out, args.repos),
        "lpc": lambda: lpc(args.out, args.repos, args.figures), "landscapes": lambda: landscapes(args.cache, args.out),
        "sweethome3d": lambda: sweethome(args.cache, args.out), "silhouettes": lambda: game_icons(args.cache, args.out),
        "openclipart": lambda: openclipart(args.cache, args.out), "emoji": lambda: emoji(args.cache, args.out),
    }  # fmt: skip
    for name, collect in sources.items():
        if not args.only or name in args.only:
            collect()


if __name__ == "__main__":
    main()
