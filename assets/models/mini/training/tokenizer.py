"""Builds a CLIP byte-pair tokenizer in which each word of a vocabulary is one token.

Byte-pair merges (Sennrich et al. 2016) are learned from the word list until nothing is left to
merge,
so encoding replays them and ends with the whole word. Other words fall apart into pieces whose
embeddings were never trained.
"""

import heapq
import json
import os
from collections import Counter

import regex

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
# CLIP splits text into contractions, runs of letters, single digits and runs of anything else.
SPLIT = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def byte_symbols() -> dict[int, str]:
    """Maps each byte to a printable character, in CLIP's (GPT-2's) order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in symbols:
            symbols[byte] = chr(256 + len(symbols) - len(printable))
    return symbols


SYMBOLS = byte_symbols()


def split(text: str) -> list[str]:
    return SPLIT.findall(" ".join(text.lower().split()))


def spell(word: str) -> tuple[str, ...]:
    letters = [SYMBOLS[byte] for byte in word.encode()]
    return (*letters[:-1], letters[-1] + "</w>")


def join(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def learn(words: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Merges pairs of symbols until each word is one; the most frequent pair first, then by
    spelling."""
    words, merges = list(words), []
    counts, where = Counter(), {}
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            counts[pair] += 1
            where.setdefault(pair, set()).add(i)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    while heap:
        count, best = heapq.heappop(heap)
        if counts[best] != -count or count == 0:
            continue  # An old entry: the count has changed since.
        merges.append(best)
        for i in sorted(where.pop(best)):
            changed = Counter(zip(words[i], words[i][1:]))
            after = join(words[i], best)
            for pair in zip(after, after[1:]):
                where.setdefault(pair, set()).add(i)
                changed[pair] -= 1
            words[i] = after
            for pair, less in changed.items():
                if less:
                    counts[pair] -= less
                    if counts[pair] > 0:
                        heapq.heappush(heap, (-counts[pair], pair))
        counts[best] = 0
    return merges


class Tokenizer:
    def __init__(self, texts: list[str], length: int):
        words = [spell(word) for word in sorted({word for text in texts for word in split(text)})]
        self.merges = learn(words)
        letters = list(SYMBOLS.values())
        merged = [a + b for a, b in self.merges]
        tokens = dict.fromkeys([*letters, *(x + "</w>" for x in letters), *merged, BOS, EOS])
        self.prepare({token: i for i, token in enumerate(tokens)}, length)

    @staticmethod
    def load(folder: str, length: int):
        """Reads what `save` wrote."""
        self = Tokenizer.__new__(Tokenizer)
        with open(f"{folder}/merges.txt", encoding="utf8") as file:
            self.merges = [tuple(line.split()) for line in file.read().splitlines()[1:]]
        with open(f"{folder}/vocab.json", encoding="utf8") as file:
            self.prepare(json.load(file), length)
        return self

    def prepare(self, ids: dict[str, int], length: int):
        self.ids, self.length = ids, length
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.cache: dict[str, list[int]] = {}

    def word(self, word: str) -> list[int]:
        if word not in self.cache:
            symbols = spell(word)
            while True:
                pairs = [pair for pair in zip(symbols, symbols[1:]) if pair in self.rank]
                if not pairs:
                    break
                symbols = join(symbols, min(pairs, key=self.rank.__getitem__))
            self.cache[word] = [self.ids[symbol] for symbol in symbols]
        return self.cache[word]

    def encode(self, text: str, pad: str = EOS) -> list[int]:
        ids = [token for word in split(text) for token in self.word(word)][: self.length - 2]
        ids = [self.ids[BOS], *ids, self.ids[EOS]]
        return ids + [self.ids[pad]] * (self.length - len(ids))

    def save(self, folder: str, pad: str):
        os.makedirs(folder, exist_ok=True)
        special = {"bos_token": BOS, "eos_token": EOS, "unk_token": EOS, "pad_token": pad}
        config = {
            "tokenizer_class": "CLIPTokenizer",
            "model_max_length": self.length,
            "add_prefix_space": False,
            "do_lower_case": True,
            **special,
        }
        with open(f"{folder}/vocab.json", "w", encoding="utf8") as file:
            json.dump(self.ids, file, ensure_ascii=False)
        with open(f"{folder}/merges.txt", "w", encoding="utf8") as file:
            file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in self.merges))
        for name, value in (("special_tokens_map", special), ("tokenizer_config", config)):
            with open(f"{folder}/{name}.json", "w", encoding="utf8") as file:
                json.dump(value, file, indent=2)
