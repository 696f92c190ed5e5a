import assert from "node:assert/strict";
import { openBertTokenizer } from "../../../../lib/models/tokenizers/bert_tokenizer.ts";
import { memoryFolder } from "../../conditioning/memory_folder.ts";

const PIECES = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]"],
  ...["a", "pic", "##ture", "of", "cafe", "##s", "dog", "'", "s", ",", "un", "##ing", "."],
];

function open(config: Record<string, unknown> = {}) {
  const files = {
    "vocab.txt": PIECES.join("\n") + "\n",
    "tokenizer_config.json": JSON.stringify({
      do_lower_case: true,
      strip_accents: null,
      ...config,
    }),
  };
  return openBertTokenizer(memoryFolder(files));
}

function ids(...pieces: string[]): number[] {
  return pieces.map((piece) => PIECES.indexOf(piece));
}

Deno.test("BertTokenizer.encode() splits words into the longest known pieces", async () => {
  const tokenizer = await open();
  assert.deepEqual(tokenizer.encode("A  picture of\tCafés"), [
    ...ids("a", "pic", "##ture", "of", "cafe", "##s"),
  ]);
  assert.deepEqual(tokenizer.encode("dog's, dogs."), ids("dog", "'", "s", ",", "dog", "##s", "."));
  assert.deepEqual(tokenizer.encode("unable of 猫犬"), ids("[UNK]", "of", "[UNK]", "[UNK]"));
  assert.deepEqual(tokenizer.encode(""), []);
  assert.deepEqual(tokenizer.encode(" \n"), []);
});

Deno.test("BertTokenizer.encode() takes names of special tokens as text", async () => {
  const tokenizer = await open();
  assert.deepEqual(tokenizer.encode("[SEP] a"), ids("[UNK]", "[UNK]", "[UNK]", "a"));
});

Deno.test("BertTokenizer.encode() knows no word of more than 100 letters", async () => {
  const tokenizer = await open();
  const word = "pic" + "ture".repeat(24);
  assert.equal(tokenizer.encode(word).length, 25);
  assert.deepEqual(tokenizer.encode(word + "s"), tokenizer.encode(word).concat(ids("##s")));
  assert.deepEqual(tokenizer.encode(word + "ss"), ids("[UNK]"));
});

Deno.test("BertTokenizer.decode() joins pieces without special tokens", async () => {
  const tokenizer = await open();
  const text = ids("[DEC]", "a", "pic", "##ture", "of", "dog", "'", "s", ",", "cafe", ".", "[SEP]");
  assert.equal(tokenizer.decode(text), "a picture of dog's, cafe.");
  assert.equal(tokenizer.decode([4, 9999]), "");
  assert.equal(tokenizer.decode([]), "");
});

Deno.test("openBertTokenizer() refuses other kinds of tokenizers by name", async () => {
  const refused = { do_lower_case: false, strip_accents: false, tokenizer_class: "T5Tokenizer" };
  for (const [key, value] of Object.entries(refused)) {
    await assert.rejects(open({ [key]: value }), { name: "ModelConfigError", key });
  }
});
