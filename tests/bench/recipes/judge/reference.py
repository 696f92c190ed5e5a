"""Computes what a judge must answer, in numpy alone and apart from PyTorch and onnxruntime.

    python3 reference.py tiny ../../../fixtures/goldens/tiny-judge   # makes a random judge, too
    python3 reference.py answers weights                             # for the trained judge

Writes `answers.json` into the folder: embeddings of three pictures that a formula draws, and of
three texts. Written from assets/models/mini/training/judge.py and networks.py.
"""

import json
import math
import os
import struct
import sys

import numpy as np

SIDE, HEAD, LENGTH = 64, 32, 24
TEXTS = ("cat", "a red potion", "stone wall")
TYPES = {"F32": np.float32, "F16": np.float16, "I8": np.int8}


def read(path):
    """Reads a safetensors file; 8-bit weights are multiplied by the scale of their row."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header, data = json.loads(file.read(size)), file.read()
    raw = {}
    for key, entry in header.items():
        if key != "__metadata__":
            first, end = entry["data_offsets"]
            raw[key] = np.frombuffer(data[first:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    weights = {}
    for key, value in raw.items():
        if not key.endswith("_scale"):
            value = value.astype(np.float64)
            scale = raw.get(key + "_scale")
            weights[key] = value if scale is None else value * scale.reshape(-1, *[1] * (value.ndim - 1))
    return weights


def write(path, weights):
    header, data = {}, b""
    for key, value in weights.items():
        part = value.astype(np.float32).tobytes()
        header[key] = {"dtype": "F32", "shape": value.shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def conv(w, name, x, stride=1):
    """x [C, H, W]; zeros outside."""
    kernel = w[f"{name}.weight"]
    k = kernel.shape[-1]
    x = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), (1, 2))[:, ::stride, ::stride]
    y = np.einsum("ocij,chwij->ohw", kernel, windows, optimize=True)
    return y + w[f"{name}.bias"][:, None, None] if f"{name}.bias" in w else y


def unit(x):
    return x / np.linalg.norm(x)


def image_embedding(w, picture):
    """picture [H, W, 3] in [0, 1], enlarged by nearest neighbor or averaged in whole cells, in 8
    bits."""
    height = picture.shape[0]
    if height <= SIDE:
        at = ((np.arange(SIDE) + 0.5) * height / SIDE).astype(int)
        picture = picture[at][:, at]
    else:
        cell = height // SIDE
        mean = picture.reshape(SIDE, cell, SIDE, cell, 3).mean((1, 3))
        picture = np.floor(mean * 255 + 0.5) / 255
    x = np.maximum(conv(w, "conv_in", picture.transpose(2, 0, 1) * 2 - 1), 0)
    index = 0
    while f"blocks.{index}.conv1.weight" in w:
        name = f"blocks.{index}"
        stride = 2 if f"{name}.skip.weight" in w else 1
        y = conv(w, f"{name}.conv2", np.maximum(conv(w, f"{name}.conv1", x, stride), 0))
        x = np.maximum(y + (conv(w, f"{name}.skip", x, 2) if stride == 2 else x), 0)
        index += 1
    return unit(w["head.weight"] @ x.mean((1, 2)) + w["head.bias"])


def linear(w, name, x):
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def norm(w, name, x):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return x * w[f"{name}.weight"] + w[f"{name}.bias"]


def attention(w, name, x):
    count, width = x.shape
    q, k, v = (
        linear(w, f"{name}.{part}_proj", x).reshape(count, width // HEAD, HEAD).transpose(1, 0, 2) for part in "qkv"
    )
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(HEAD)
    scores = np.where(np.tri(count, dtype=bool), scores, -np.inf)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    return linear(w, f"{name}.out_proj", (scores @ v).transpose(1, 0, 2).reshape(count, width))


def text_embedding(w, ids):
    """ids: begin, the words, end; what follows has no effect."""
    x = w["text.embeddings.token_embedding.weight"][ids]
    x = x + w["text.embeddings.position_embedding.weight"][: len(ids)]
    index = 0
    while f"text.encoder.layers.{index}.mlp.fc1.weight" in w:
        name = f"text.encoder.layers.{index}"
        x = x + attention(w, f"{name}.self_attn", norm(w, f"{name}.layer_norm1", x))
        h = linear(w, f"{name}.mlp.fc1", norm(w, f"{name}.layer_norm2", x))
        h = h * 0.5 * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
        x = x + linear(w, f"{name}.mlp.fc2", h)
        index += 1
    return unit(linear(w, "text_head", norm(w, "text.final_layer_norm", x)[-1]))


def encode(vocabulary, text):
    """Each word is one token, or a token for each of its letters."""
    ids = [vocabulary["<|startoftext|>"]]
    for word in text.split():
        known = f"{word}</w>" in vocabulary
        pieces = [f"{word}</w>"] if known else [*word[:-1], f"{word[-1]}</w>"]
        ids += [vocabulary[piece] for piece in pieces]
    return [*ids, vocabulary["<|endoftext|>"]]


def drawn(side):
    """A picture [side, side, 3] in [0, 1] whose 8-bit values a formula gives."""
    y, x, c = np.meshgrid(np.arange(side), np.arange(side), np.arange(3), indexing="ij")
    return (y * y * 7 + x * 29 + y * x * 3 + c * 83) % 256 / 255


def make_tiny(folder):
    """A random judge with a vocabulary of letters."""
    random, widths, width, embedding = np.random.default_rng(7), (4, 6), 64, 8
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    w = {}

    def add(name, *shape, bias=True, mean=0.0):
        fan = math.prod(shape[1:]) if len(shape) > 1 else 1
        w[f"{name}.weight"] = mean + random.normal(size=shape) / math.sqrt(fan) * (1 if len(shape) > 1 else 0.1)
        if bias:
            w[f"{name}.bias"] = random.normal(size=shape[0]) * 0.1

    add("conv_in", widths[0], 3, 3, 3)
    for index, (inputs, outputs) in enumerate((widths[:1] * 2, widths)):
        add(f"blocks.{index}.conv1", outputs, inputs, 3, 3)
        add(f"blocks.{index}.conv2", outputs, outputs, 3, 3)
    add("blocks.1.skip", widths[1], widths[0], 1, 1, bias=False)
    add("head", embedding, widths[1])
    add("text.embeddings.token_embedding", len(tokens), width, bias=False)
    add("text.embeddings.position_embedding", LENGTH, width, bias=False)
    for index in range(2):
        layer = f"text.encoder.layers.{index}"
        for part in "qkv":
            add(f"{layer}.self_attn.{part}_proj", width, width)
        add(f"{layer}.self_attn.out_proj", width, width)
        add(f"{layer}.mlp.fc1", 2 * width, width)
        add(f"{layer}.mlp.fc2", width, 2 * width)
        add(f"{layer}.layer_norm1", width, mean=1)
        add(f"{layer}.layer_norm2", width, mean=1)
    add("text.final_layer_norm", width, mean=1)
    add("text_head", embedding, width)
    w["scale"] = np.array([math.log(14)])
    os.makedirs(folder, exist_ok=True)
    write(f"{folder}/model.safetensors", w)
    for name, value in (
        ("vocab.json", {token: i for i, token in enumerate(tokens)}),
        ("tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH}),
    ):
        with open(f"{folder}/{name}", "w", encoding="utf8") as file:
            json.dump(value, file, separators=(",", ":"))
    with open(f"{folder}/merges.txt", "w", encoding="utf8") as file:
        file.write("#version: 0.2\n")


def main():
    command, folder = sys.argv[1:]
    if command == "tiny":
        make_tiny(folder)
    w = read(f"{folder}/model.safetensors")
    with open(f"{folder}/vocab.json", encoding="utf8") as file:
        vocabulary = json.load(file)
    answers = {
        "scale": float(np.exp(w["scale"][0])),
        "pictures": {str(side): image_embedding(w, drawn(side)).round(6).tolist() for side in (16, 24, 128)},
        "texts": {text: text_embedding(w, encode(vocabulary, text)).round(6).tolist() for text in TEXTS},
    }
    with open(f"{folder}/answers.json", "w", encoding="utf8") as file:
        json.dump(answers, file, separators=(",", ":"))


main()
