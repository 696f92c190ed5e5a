import assert from "node:assert/strict";
import { encodePrompts } from "../../../lib/conditioning/encode_prompts.ts";
import { openTeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";
import { memoryFolder } from "./memory_folder.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));
const GOLDEN = readGolden("prompt_embeds");
// The first two prompts of tokens.json.
const PROMPT = "a red dragon flying over the castle";

/** Returns a row of a reference tensor. */
function row(name: "prompt_embeds" | "pooled_prompt_embeds", index: number): Float32Array {
  const { data, shape } = GOLDEN.tensor(name);
  const size = data.length / shape[0]!;
  return data.subarray(index * size, (index + 1) * size);
}

Deno.test("encodePrompts() equals transformers, negative prompt first", async () => {
  const teacher = await openTeacherFolder(TINY);
  const prompts = { prompt: PROMPT, negativePrompt: "" };
  const encoded = await encodePrompts(WASM_SESSIONS, teacher, prompts);
  assert.deepEqual(encoded.states.shape, [2, 77, 80]);
  assert.deepEqual(encoded.pooled!.shape, [2, 40]);
  const expected = [1, 0].flatMap((index) => [...row("prompt_embeds", index)]);
  assertAllClose(encoded.states.data, expected, { atol: 1e-4 }); // whole networks
  const pooled = [1, 0].flatMap((index) => [...row("pooled_prompt_embeds", index)]);
  assertAllClose(encoded.pooled!.data, pooled, { atol: 1e-4 });
});

Deno.test("encodePrompts() returns one row without a negative prompt", async () => {
  const teacher = await openTeacherFolder(TINY);
  const encoded = await encodePrompts(WASM_SESSIONS, teacher, { prompt: PROMPT });
  assert.deepEqual(encoded.states.shape, [1, 77, 80]);
  assertAllClose(encoded.states.data, row("prompt_embeds", 0), { atol: 1e-4 });
});

Deno.test("encodePrompts() returns zeros for an empty negative prompt if the checkpoint says so", async () => {
  const index = { "model_index.json": '{"force_zeros_for_empty_prompt": true}' };
  const teacher = await openTeacherFolder(memoryFolder(index, TINY));
  const prompts = { prompt: PROMPT, negativePrompt: "" };
  const { states, pooled } = await encodePrompts(WASM_SESSIONS, teacher, prompts);
  assert(states.data.subarray(0, 77 * 80).every((value) => value === 0));
  assertAllClose(states.data.subarray(77 * 80), row("prompt_embeds", 0), { atol: 1e-4 });
  assert(pooled!.data.subarray(0, 40).every((value) => value === 0));
  assert(pooled!.data.subarray(40).some((value) => value !== 0));
});
