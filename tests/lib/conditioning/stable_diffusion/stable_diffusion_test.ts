import assert from "node:assert/strict";
import { encodePrompts } from "../../../../lib/conditioning/encode_prompts.ts";
import { openTeacherFolder } from "../../../../lib/conditioning/teacher_folder.ts";
import { readClipTextConfig } from "../../../../lib/models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../../../../lib/models/clip/clip_text_model.ts";
import { openClipTokenizer } from "../../../../lib/models/tokenizers/clip_tokenizer.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { goldenPath, type GoldenTensor, readGolden } from "../../../support/goldens.ts";
import type { ModelFolder } from "../../../../lib/weights/model_folder.ts";
import { editedFolder } from "../../models/edited_folder.ts";
import { memoryFolder } from "../memory_folder.ts";
import { assertAgrees } from "../../models/agreement.ts";
import { runGraph, WASM_SESSIONS } from "../../onnx/run_graph.ts";

const folder = openModelFolder(goldenPath("tiny-sd15"));
const teacher = await openTeacherFolder(folder);
const golden = readGolden("sd15");
/** Max relative norm of the difference to float64; measured: 3e-7. */
const tolerance = 1e-5;

for (const [layerFromEnd, name] of [[1, "prompt_embeds"], [2, "prompt_embeds_skip_2"]] as const) {
  Deno.test(`SD 1.5's text encoder agrees with PyTorch: ${name}`, async () => {
    using weights = await StateDict.open(folder, "text_encoder");
    const config = await readClipTextConfig(folder, "text_encoder");
    const { data, shape } = golden.tensor("input_ids");
    const states = { layerFromEnd, normalized: true };
    const sizes = { batch: shape[0]!, length: shape[1]!, states };
    const graph = buildClipTextModel(weights, config, sizes);
    const outputs = await runGraph(graph, {
      input_ids: { data: BigInt64Array.from(data, BigInt), shape },
    });
    assert.deepEqual(Object.keys(outputs), ["hidden_states"]);
    assertAgrees(outputs["hidden_states"]!, golden.tensor(name), { name, tolerance });
  });
}

/** Returns the stored states of the row with some token ids. */
function rowOf(ids: readonly number[], name: string): GoldenTensor {
  const { data, shape: [rows, length] } = golden.tensor("input_ids");
  const row = Array.from({ length: rows! }, (_, i) => data.slice(i * length!, (i + 1) * length!))
    .findIndex((row) => row.every((id, i) => id === ids[i]));
  assert(row >= 0);
  const size = length! * 128;
  const { data: states } = golden.tensor(name);
  return { shape: [1, length!, 128], data: states.slice(row * size, (row + 1) * size) };
}

Deno.test("encodePrompts() gives SD 1.5's states only, and clip skip chooses the layer", async () => {
  const { prompts } = JSON.parse(await Deno.readTextFile(goldenPath("tokens.json")));
  const [prompt] = prompts as [string];
  const ids = (await openClipTokenizer(folder, "tokenizer")).encode(prompt);
  const encode = (clipSkip?: number) =>
    encodePrompts(WASM_SESSIONS, teacher, { prompt }, clipSkip === undefined ? {} : { clipSkip });
  const { states, pooled, timeIds } = await encode();
  assert.deepEqual([pooled, timeIds], [undefined, undefined]);
  assertAgrees(states, rowOf(ids, "prompt_embeds"), { name: "states", tolerance });
  assert.deepEqual((await encode(1)).states, states);
  const second = (await encode(2)).states;
  assertAgrees(second, rowOf(ids, "prompt_embeds_skip_2"), { name: "states", tolerance });
  await assert.rejects(encode(3), {
    name: "RangeError",
    message:
      /expected a layer from 1 to 2, counted from the last, got 3; check diffusion\.clip_skip/,
  });
});

Deno.test("a tokenizer.json alone gives the tokens of vocab.json and merges.txt", async () => {
  const [vocab, merges] = [
    JSON.parse(await folder.text("tokenizer/vocab.json")),
    (await folder.text("tokenizer/merges.txt")).split("\n").slice(1).filter((line) => line !== ""),
  ];
  const expected = await openClipTokenizer(folder, "tokenizer");
  const { prompts } = JSON.parse(await Deno.readTextFile(goldenPath("tokens.json")));
  const paths = ["tokenizer/vocab.json", "tokenizer/merges.txt"];
  // Older files have texts, newer ones pairs.
  for (const pairs of [merges, merges.map((line) => line.split(" "))]) {
    const text = JSON.stringify({
      version: "1.0",
      added_tokens: [{ id: 671, content: "<|startoftext|>", special: true }],
      model: { type: "BPE", end_of_word_suffix: "</w>", vocab, merges: pairs },
    });
    const inner = memoryFolder({ "tokenizer/tokenizer.json": text }, folder);
    const has = (path: string) => paths.includes(path) ? Promise.resolve(false) : inner.has(path);
    const edited: ModelFolder = {
      location: inner.location,
      has,
      text: (path) => inner.text(path),
      source: (path) => inner.source(path),
    };
    const tokenizer = await openClipTokenizer(edited, "tokenizer");
    for (const prompt of prompts) {
      assert.deepEqual(tokenizer.encode(prompt), expected.encode(prompt));
    }
    assert.equal((await openTeacherFolder(edited)).unet.crossAttentionDim, 128);
  }
});

Deno.test("unknown options of text encoder and tokenizer become notes", async () => {
  const add = (options: Record<string, unknown>) => ({ ...options, new_option: 3 });
  const edited = editedFolder(
    editedFolder(folder, "text_encoder/config.json", add),
    "tokenizer/tokenizer_config.json",
    add,
  );
  const { promptEncoder } = await openTeacherFolder(edited);
  assert.deepEqual(await promptEncoder.notes!(), [
    'Options of text_encoder/config.json that are not known here are ignored: "new_option"',
    'Options of tokenizer/tokenizer_config.json that are not known here are ignored: "new_option"',
  ]);
  assert.deepEqual(await teacher.promptEncoder.notes!(), []);
});
