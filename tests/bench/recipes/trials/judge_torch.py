"""The judge of the benchmark in PyTorch, for many pictures at once. See ../judge/reference.py."""

import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from projection import enlarge

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "../judge/weights")
HEAD, SIDE = 32, 64


def encode(vocabulary, text):
    """Each word is one token, or a token for each of its letters."""
    ids = [vocabulary["<|startoftext|>"]]
    for word in text.split():
        known = f"{word}</w>" in vocabulary
        ids += [vocabulary[p] for p in ([f"{word}</w>"] if known else [*word[:-1], f"{word[-1]}</w>"])]
    return [*ids, vocabulary["<|endoftext|>"]]


class Judge:
    def __init__(self, texts, device):
        """texts: all captions among which it chooses, without repeats."""
        raw = load_file(f"{FOLDER}/model.safetensors")
        self.w = {}
        for key, value in raw.items():
            if not key.endswith("_scale"):
                scale = raw.get(key + "_scale")
                value = value.float()
                self.w[key] = (value if scale is None else value * scale.view(-1, *[1] * (value.dim() - 1))).to(device)
        self.device, self.scale = device, self.w["scale"].exp()
        with open(f"{FOLDER}/vocab.json", encoding="utf8") as file:
            vocabulary = json.load(file)
        self.index = {text: i for i, text in enumerate(texts)}
        self.texts = torch.cat([self.text_embeddings([encode(vocabulary, t) for t in texts[i : i + 256]])
                                for i in range(0, len(texts), 256)])  # fmt: skip

    def text_embeddings(self, rows):
        w, length = self.w, max(map(len, rows))
        ids = torch.tensor([row + [0] * (length - len(row)) for row in rows], device=self.device)
        x = w["text.embeddings.token_embedding.weight"][ids] + w["text.embeddings.position_embedding.weight"][:length]
        mask = torch.full((length, length), -1e9, device=self.device).triu(1)
        index = 0
        while f"text.encoder.layers.{index}.mlp.fc1.weight" in w:
            name = f"text.encoder.layers.{index}"
            y = self.norm(f"{name}.layer_norm1", x)
            q, k, v = (self.linear(f"{name}.self_attn.{p}_proj", y).unflatten(2, (-1, HEAD)).transpose(1, 2) for p in "qkv")
            y = ((q @ k.transpose(2, 3)) / HEAD**0.5 + mask).softmax(-1) @ v
            x = x + self.linear(f"{name}.self_attn.out_proj", y.transpose(1, 2).flatten(2))
            y = F.gelu(self.linear(f"{name}.mlp.fc1", self.norm(f"{name}.layer_norm2", x)))
            x = x + self.linear(f"{name}.mlp.fc2", y)
            index += 1
        ends = torch.tensor([len(row) - 1 for row in rows], device=self.device)
        last = self.norm("text.final_layer_norm", x)[torch.arange(len(rows), device=self.device), ends]
        return F.normalize(self.linear("text_head", last), dim=-1)

    def linear(self, name, x):
        return F.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def conv(self, name, x, stride=1):
        kernel = self.w[f"{name}.weight"]
        return F.conv2d(x, kernel, self.w.get(f"{name}.bias"), stride, kernel.shape[-1] // 2)

    def image_embeddings(self, pictures):
        """pictures [B, 3, side, side] in [0, 1], side <= 64."""
        x = F.relu(self.conv("conv_in", enlarge(pictures, SIDE, "nearest") * 2 - 1))
        index = 0
        while f"blocks.{index}.conv1.weight" in self.w:
            name = f"blocks.{index}"
            stride = 2 if f"{name}.skip.weight" in self.w else 1
            y = self.conv(f"{name}.conv2", F.relu(self.conv(f"{name}.conv1", x, stride)))
            x = F.relu(y + (self.conv(f"{name}.skip", x, 2) if stride == 2 else x))
            index += 1
        return F.normalize(self.linear("head", x.mean((2, 3))), dim=-1)

    @torch.no_grad()
    def answers(self, pictures, names):
        """Returns p and rank of the right name for each picture; names: its caption."""
        right = torch.tensor([self.index[name] for name in names], device=self.device)
        logits = torch.cat([self.image_embeddings(some) for some in pictures.split(1024)]) @ self.texts.T * self.scale
        own = logits.gather(1, right[:, None])
        return logits.softmax(1).gather(1, right[:, None])[:, 0], (logits > own).sum(1) + 1
