import assert from "node:assert/strict";
import { chooseSeveral, OpenClip } from "../../../lib/conditioning/choose_by_clip.ts";
import { findOwnClip, separateClip } from "../../../lib/conditioning/clip_location.ts";
import { Image } from "../../../lib/image/image.ts";
import { readClipConfig } from "../../../lib/models/clip/clip_config.ts";
import { buildClipModel } from "../../../lib/models/clip/clip_model.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath } from "../../support/goldens.ts";
import { runGraph, scatter, WASM_SESSIONS } from "../onnx/run_graph.ts";
import { memoryFolder } from "./memory_folder.ts";
import { randomClip } from "./random_clip.ts";

Deno.test("chooseSeveral() keeps the best scores, the first of equals, and NaN last", () => {
  assert.deepEqual(chooseSeveral([3, 1, 4, 1, 5], 3), [0, 2, 4]);
  assert.deepEqual(chooseSeveral([2, 2, 2], 2), [0, 1]);
  assert.deepEqual(chooseSeveral([1, NaN, 2, NaN, 9, 3, 8, 7], 4), [4, 5, 6, 7]);
  assert.deepEqual(chooseSeveral([NaN, NaN, -5, 3], 3), [0, 2, 3]);
});

const [BOS, EOS, LENGTH, SIDE] = [498, 499, 77, 64] as const;
const base = openModelFolder(goldenPath("tiny-clip"));

/** The tiny network with a tokenizer of letters: "a" at the end of a word is 26. */
const folder = memoryFolder({
  "vocab.json": JSON.stringify(Object.fromEntries([
    ...Array.from({ length: 26 }, (_, i) => [String.fromCharCode(97 + i), i]),
    ...Array.from({ length: 26 }, (_, i) => [`${String.fromCharCode(97 + i)}</w>`, 26 + i]),
    ["<|startoftext|>", BOS],
    ["<|endoftext|>", EOS],
  ])),
  "merges.txt": "#version: 0.2\n",
  "tokenizer_config.json": JSON.stringify({ model_max_length: LENGTH }),
}, base);

function picture(side: number, seed: number): Image {
  const values = scatter(side * side * 3, seed).map((value) => (value + 1) / 2);
  return Image.fromFloats({ height: side, width: side }, values);
}

/** Lets a separate CLIP choose. */
async function choose(clip: ModelFolder, prompt: string, images: readonly Image[]) {
  using opened = await OpenClip.open(separateClip(clip), { images: images.length });
  return await opened.choose(WASM_SESSIONS, { prompt, images });
}

Deno.test("a CLIP picks the image with the highest logit", async () => {
  const images = [1, 2, 3].map((seed) => picture(SIDE, seed));
  const chosen = await choose(folder, "ab a", images);
  // The definition: (value / 255 - mean) / std of CLIP; the letters by hand.
  const [mean, std] = [
    [0.48145466, 0.4578275, 0.40821073],
    [0.26862954, 0.26130258, 0.27577711],
  ];
  const plane = SIDE * SIDE;
  const pixels = Float32Array.from({ length: 9 * plane }, (_, i) => {
    const [n, c] = [Math.floor(i / (3 * plane)), Math.floor(i / plane) % 3];
    return (images[n]!.data[(i % plane) * 4 + c]! / 255 - mean[c]!) / std[c]!;
  });
  const ids = [BOS, 0, 27, 26, ...new Array<number>(LENGTH - 4).fill(EOS)];
  using weights = await StateDict.open(base, "");
  const sizes = { images: 3, texts: 1, length: LENGTH };
  const graph = buildClipModel(weights, await readClipConfig(base), sizes);
  const outputs = await runGraph(graph, {
    pixel_values: { data: pixels, shape: [3, 3, SIDE, SIDE] },
    input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, LENGTH] },
  });
  const logits = outputs["logits_per_image"]!.data as Float32Array;
  assertAllClose(chosen.scores, logits, { atol: 1e-4 });
  assert.equal(chosen.index, logits.indexOf(Math.max(...logits)));
  const other = await choose(folder, "ab a", images.toReversed());
  assert.equal(other.index, 2 - chosen.index);
});

Deno.test("a CLIP takes images of any sizes, and at least one", async () => {
  const chosen = await choose(folder, "a", [picture(9, 1), picture(100, 2)]);
  assert.equal(chosen.scores.length, 2);
  await assert.rejects(choose(folder, "a", []), /by CLIP: expected at least one, got none$/);
});

/** The CLIP of a teacher, which shares its tokenizer. */
async function ownClip(eightBits: boolean) {
  const files = Object.entries(randomClip({ seed: 1, eightBits }));
  const teacher = memoryFolder({
    "model_index.json": JSON.stringify({ clip: ["transformers", "CLIPModel"] }),
    ...Object.fromEntries(files.map(([name, content]) => [`clip/${name}`, content])),
  }, openModelFolder(goldenPath("tiny-sdxl")));
  return (await findOwnClip(teacher))!;
}

Deno.test("8-bit weights of a CLIP count as the values that they stand for", async () => {
  const images = [1, 2, 3].map((seed) => picture(16, seed));
  const scoresOf = async (eightBits: boolean) => {
    using clip = await OpenClip.open(await ownClip(eightBits), { images: images.length });
    return (await clip.choose(WASM_SESSIONS, { prompt: "a dragon", images })).scores;
  };
  const scores = await scoresOf(true);
  assert.equal(new Set(scores).size, 3);
  assertAllClose(scores, await scoresOf(false), { atol: 1e-6 });
});

Deno.test("more images than one batch are scored as alone", async () => {
  const images = Array.from({ length: 19 }, (_, seed) => picture(16, seed));
  using clip = await OpenClip.open(await ownClip(true), { images: images.length });
  const { index, scores } = await clip.choose(WASM_SESSIONS, { prompt: "a dragon", images });
  using single = await OpenClip.open(await ownClip(true), { images: 1 });
  const alone: number[] = [];
  for (const image of images) {
    const { scores } = await single.choose(WASM_SESSIONS, { prompt: "a dragon", images: [image] });
    alone.push(...scores);
  }
  assertAllClose(scores, alone, { atol: 1e-5 });
  assert.equal(index, alone.indexOf(Math.max(...alone)));
});

Deno.test("a CLIP whose files do not fit together is refused before it runs", async () => {
  const open = async (files: Parameters<typeof memoryFolder>[0]) => {
    using _ = await OpenClip.open(separateClip(memoryFolder(files, folder)), { images: 1 });
  };
  await assert.rejects(
    open({ "tokenizer_config.json": JSON.stringify({ model_max_length: 78 }) }),
    /expected at most 77 tokens, got 78/,
  );
  const config = JSON.parse(await folder.text("config.json"));
  config.vision_config.num_hidden_layers = 4;
  await assert.rejects(open({ "config.json": JSON.stringify(config) }), /layers\.3\./);
});
