import assert from "node:assert/strict";
import { encodePrompts } from "../../../lib/conditioning/encode_prompts.ts";
import { weighStates } from "../../../lib/conditioning/family/encode_texts.ts";
import { openTeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { openClipTokenizer } from "../../../lib/models/tokenizers/clip_tokenizer.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));
const PROMPT = "a red dragon flying over the castle";
const [LENGTH, WIDTH] = [77, 80];

Deno.test("weighStates() equals values computed by hand", () => {
  // Two rows of two tokens of width 2, then the states of the prompt without text.
  const states = {
    data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40),
    shape: [3, 2, 2],
  };
  const tokens = [{ ids: [0, 1], weights: [1, 1.5] }, { ids: [0, 1], weights: [1, -1] }];
  const { data, shape } = weighStates(states, tokens, 2);
  assert.deepEqual(shape, [2, 2, 2]);
  // 30 + 1.5 (3 - 30), 40 + 1.5 (4 - 40); 30 - (7 - 30), 40 - (8 - 40).
  assertAllClose(data, [1, 2, -10.5, -14, 5, 6, 53, 72]);
  const [together] = [weighStates(states, tokens, 1)];
  assert.deepEqual([together!.shape, together!.data], [[1, 4, 2], data]);
});

Deno.test("a weight moves a word's states away from those of no text, and changes no others", async () => {
  const teacher = await openTeacherFolder(TINY);
  const encode = async (
    prompt: string,
  ) => (await encodePrompts(WASM_SESSIONS, teacher, { prompt, negativePrompt: "" }));
  const plain = await encode(PROMPT);
  const weighted = await encode("a red (dragon:1.4) flying over the castle");
  const size = LENGTH * WIDTH;
  // Rows: no text, prompt.
  const [empty, text] = [plain.states.data.subarray(0, size), plain.states.data.subarray(size)];
  const tokenizer = await openClipTokenizer(TINY, "tokenizer");
  const [start, end] = ["a red", "a red dragon"].map((part) =>
    tokenizer.encodeChunks([{ text: part, weight: 2 }], 1)[0]!.weights.lastIndexOf(2) + 1
  ) as [number, number];
  assert(end > start);
  const expected = text.map((value, i) => {
    const token = Math.floor(i / WIDTH);
    return token >= start && token < end ? empty[i]! + 1.4 * (value - empty[i]!) : value;
  });
  assertAllClose(weighted.states.data.subarray(size), expected, { atol: 1e-5 });
  assertAllClose(weighted.pooled!.data, plain.pooled!.data, { atol: 1e-6 });
  // The words of goldens, without a weight.
  const golden = readGolden("prompt_embeds").tensor("prompt_embeds").data.subarray(0, size);
  assertAllClose(text, golden, { atol: 1e-4 });
});

Deno.test("a long prompt is encoded in chunks of 75 tokens with begin and end", async () => {
  const teacher = await openTeacherFolder(TINY);
  const words = (count: number, word: string) =>
    Array.from({ length: count }, () => word).join(" ");
  const long = `${words(75, "a")} ${PROMPT}`;
  const prompts = { prompt: long, negativePrompt: "fog" };
  const { states, pooled } = await encodePrompts(WASM_SESSIONS, teacher, prompts, { maxChunks: 8 });
  assert.deepEqual([states.shape, pooled!.shape], [[2, 2 * LENGTH, WIDTH], [2, 40]]);
  const single = async (prompt: string) => await encodePrompts(WASM_SESSIONS, teacher, { prompt });
  const first = await single(words(75, "a"));
  const parts = [await single("fog"), await single(""), first, await single(PROMPT)];
  assertAllClose(states.data, parts.flatMap(({ states }) => [...states.data]), { atol: 1e-5 });
  assertAllClose(pooled!.data.subarray(40), first.pooled!.data, { atol: 1e-5 });
  const cut = await encodePrompts(WASM_SESSIONS, teacher, { prompt: long });
  assertAllClose(cut.states.data, first.states.data, { atol: 1e-5 });
});

Deno.test("chunks are counted with both prompts, up to the maximum", async () => {
  const { promptEncoder } = await openTeacherFolder(TINY);
  const text = (tokens: number) => [{ text: "a ".repeat(tokens), weight: 1 }];
  const count = (prompt: number, negative: number, max = 8) =>
    promptEncoder.countChunks({ prompt: text(prompt), negativePrompt: text(negative) }, max);
  assert.deepEqual(
    await Promise.all([count(0, 0), count(75, 0), count(76, 3), count(3, 151), count(9999, 0)]),
    [1, 1, 2, 3, 8],
  );
  assert.equal(await count(500, 0, 1), 1);
  const { promptLength, graphs } = await promptEncoder.plan({ rows: 2, chunks: 3 });
  assert.equal(promptLength, 3 * LENGTH);
  assert.deepEqual(graphs[0]!.inputs[0]!.shape, [6, LENGTH]);
});
