"""Keeps the state of a training in a folder of files of at most 16 MiB, so that it can be carried.

`state.json` names the files and is replaced last: a stop while writing leaves the state before.
Weights and their average are float32. AdamW's moments are rounded to 8 bits with a scale for each
256 values (after Dettmers et al. 2022); the second one as its square root, and never to 0, since
steps are divided by it. A tensor may be left out by deleting all of its files: a copy of `moment1`
and `moment2` alone, 42 MB each for `mini`, lets the next round continue from the exported weights.
"""

import json
import os
import shutil

import numpy as np
import torch

PART = 16 * 2**20 - 4096  # bytes of a file's values
BLOCK = 256  # values with one scale


def blocks(vector):
    return torch.nn.functional.pad(vector, (0, -len(vector) % BLOCK)).view(-1, BLOCK)


def rounded(vector, positive: bool):
    """Returns 8-bit values and a float32 scale for each block."""
    rows = blocks(vector.sqrt() if positive else vector)
    scale = rows.abs().amax(1).clamp(min=1e-30)
    values = rows / scale[:, None] * (255 if positive else 127)
    return values.round().to(torch.uint8 if positive else torch.int8).flatten()[: len(vector)], scale


def unrounded(values, scale, positive: bool):
    rows = blocks(values).float() * scale[:, None] / (255 if positive else 127)
    if positive:
        # Half of the smallest step instead of 0.
        rows = torch.maximum(rows, scale[:, None] / 510) ** 2
    return rows.flatten()[: len(values)]


def packed(state):
    """The tensors that are written, by name."""
    out = {"vector": state["vector"].float(), "average": state["average"].float()}
    for name in ("moment1", "moment2"):
        out[name], out[f"{name}.scale"] = rounded(state[name].float(), name == "moment2")
    return out


def save(folder: str, state, **numbers):
    """Writes tensors `vector`, `average`, `moment1`, `moment2` on the host, and numbers."""
    os.makedirs(folder, exist_ok=True)
    tag = f"step_{numbers['steps']}"
    shutil.rmtree(f"{folder}/{tag}", ignore_errors=True)
    os.makedirs(f"{folder}/{tag}")
    tensors = {}
    for name, tensor in packed(state).items():
        data, files = tensor.numpy(), []
        count = PART // data.itemsize
        for at in range(0, len(data), count):
            files.append(f"{tag}/{name}.{at // count:03d}")
            data[at : at + count].tofile(f"{folder}/{files[-1]}")
        tensors[name] = {"dtype": data.dtype.name, "length": len(data), "files": files}
    with open(f"{folder}/state.json.new", "w", encoding="utf8") as file:
        json.dump({"numbers": numbers, "tensors": tensors}, file, indent=1)
    os.replace(f"{folder}/state.json.new", f"{folder}/state.json")
    for other in os.listdir(folder):
        if other.startswith("step_") and other != tag:
            shutil.rmtree(f"{folder}/{other}")


def load(folder: str):
    """Returns (tensors on the host, numbers) of a folder, or None if there is no state."""
    if not os.path.exists(f"{folder}/state.json"):
        return None
    with open(f"{folder}/state.json", encoding="utf8") as file:
        listed = json.load(file)
    found = {}
    for name, entry in listed["tensors"].items():
        present = [os.path.exists(f"{folder}/{part}") for part in entry["files"]]
        if not any(present):
            continue
        if not all(present):
            raise SystemExit(f"{folder}: parts of {name} are missing: {entry['files'][present.index(False)]}")
        data = np.concatenate([np.fromfile(f"{folder}/{part}", entry["dtype"]) for part in entry["files"]])
        if len(data) != entry["length"]:
            raise SystemExit(f"{folder}: {name} has {len(data)} values instead of {entry['length']}")
        found[name] = torch.from_numpy(data)
    for name in ("moment1", "moment2"):
        values, scale = found.pop(name, None), found.pop(f"{name}.scale", None)
        if values is not None and scale is not None:
            found[name] = unrounded(values, scale, name == "moment2")
    return found, listed["numbers"]
