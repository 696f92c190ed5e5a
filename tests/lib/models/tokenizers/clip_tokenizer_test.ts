import assert from "node:assert/strict";
import { openClipTokenizer } from "../../../../lib/models/tokenizers/clip_tokenizer.ts";
import { ModelConfigError } from "../../../../lib/models/model_config_error.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { goldenPath } from "../../../support/goldens.ts";
import { editedFolder } from "../edited_folder.ts";

const teacher = openModelFolder(goldenPath("tiny-sdxl"));

interface Tokens {
  readonly prompts: readonly string[];
  readonly tokenizer: readonly (readonly number[])[];
  readonly tokenizer_2: readonly (readonly number[])[];
}

// Source: tests/fixtures/goldens/tokens.json, from the tokenizers library.
for (const subfolder of ["tokenizer", "tokenizer_2"] as const) {
  Deno.test(`ClipTokenizer.encode() agrees with the reference: ${subfolder}`, async () => {
    const expected: Tokens = JSON.parse(await Deno.readTextFile(goldenPath("tokens.json")));
    const tokenizer = await openClipTokenizer(teacher, subfolder);
    assert.equal(tokenizer.maxLength, 77);
    for (const [i, prompt] of expected.prompts.entries()) {
      assert.deepEqual(tokenizer.encode(prompt), expected[subfolder][i], prompt);
    }
  });
}

Deno.test("ClipTokenizer.encode() takes the names of special tokens as text", async () => {
  const tokenizer = await openClipTokenizer(teacher, "tokenizer");
  const [bos, eos] = [671, 672];
  const ids = tokenizer.encode("<|endoftext|> literal? 3.14159");
  assert.equal(ids[0], bos);
  // The one end that is there stands behind the text: padding is the end token too.
  const end = ids.indexOf(eos);
  assert.ok(end > 20);
  assert.ok(ids.slice(end).every((id) => id === eos));
  assert.deepEqual(ids.slice(1, 3), tokenizer.encode("<|").slice(1, 3));
});

Deno.test("ClipTokenizer.encode() cuts long texts off and keeps the end", async () => {
  const tokenizer = await openClipTokenizer(teacher, "tokenizer_2");
  const ids = tokenizer.encode("a ".repeat(200));
  assert.equal(ids.length, 77);
  assert.equal(ids[0], 671);
  assert.ok(ids.slice(1, 76).every((id) => id === ids[1]));
  assert.equal(ids[76], 672);
});

Deno.test("ClipTokenizer.encode() gives one text for composed letters, blanks and cases", async () => {
  const tokenizer = await openClipTokenizer(teacher, "tokenizer");
  const expected = tokenizer.encode("café odos");
  assert.deepEqual(tokenizer.encode("  CAFE\u0301 \t\n ODOS"), expected);
  assert.deepEqual(tokenizer.encode("ΟΔΟΣ"), tokenizer.encode("οδοσ"));
});

Deno.test("openClipTokenizer() takes the length and the tokens of the checkpoint", async () => {
  const folder = editedFolder(teacher, "tokenizer/tokenizer_config.json", (config) => ({
    ...config,
    model_max_length: 24,
    pad_token: { content: "!", lstrip: false },
  }));
  const tokenizer = await openClipTokenizer(folder, "tokenizer");
  const ids = tokenizer.encode("a red dragon");
  assert.equal(ids.length, 24);
  assert.deepEqual(ids.slice(-3), [0, 0, 0]);
});

Deno.test("openClipTokenizer() refuses other kinds of tokenizers by name", async () => {
  const folder = editedFolder(teacher, "tokenizer/tokenizer_config.json", (config) => ({
    ...config,
    do_lower_case: false,
  }));
  await assert.rejects(() => openClipTokenizer(folder, "tokenizer"), (error: unknown) => {
    assert.ok(error instanceof ModelConfigError);
    assert.equal(error.key, "do_lower_case");
    assert.match(error.message, /tokenizer_config\.json": expected true for .*, got false$/);
    return true;
  });
});
