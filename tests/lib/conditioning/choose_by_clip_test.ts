import assert from "node:assert/strict";
import { chooseByClip } from "../../../lib/conditioning/choose_by_clip.ts";
import { Image } from "../../../lib/image/image.ts";
import { readClipConfig } from "../../../lib/models/clip/clip_config.ts";
import { buildClipModel } from "../../../lib/models/clip/clip_model.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath } from "../../support/goldens.ts";
import { runGraph, scatter, WASM_SESSIONS } from "../onnx/run_graph.ts";
import { memoryFolder } from "./memory_folder.ts";

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

Deno.test("chooseByClip() picks the image with the highest logit", async () => {
  const images = [1, 2, 3].map((seed) => picture(SIDE, seed));
  const chosen = await chooseByClip(WASM_SESSIONS, folder, { prompt: "ab a", images });
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
  const reversed = { prompt: "ab a", images: images.toReversed() };
  const other = await chooseByClip(WASM_SESSIONS, folder, reversed);
  assert.equal(other.index, 2 - chosen.index);
});

Deno.test("chooseByClip() takes images of any sizes, and at least one", async () => {
  const images = [picture(9, 1), picture(100, 2)];
  const chosen = await chooseByClip(WASM_SESSIONS, folder, { prompt: "a", images });
  assert.equal(chosen.scores.length, 2);
  await assert.rejects(
    chooseByClip(WASM_SESSIONS, folder, { prompt: "a", images: [] }),
    /Cannot choose an image for "a": expected at least one, got none$/,
  );
});
