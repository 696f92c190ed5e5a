import assert from "node:assert/strict";
import { encodePrompts } from "../../../lib/conditioning/encode_prompts.ts";
import { normalizePrompt } from "../../../lib/conditioning/normalize_prompt.ts";
import { promptNotes } from "../../../lib/conditioning/read_prompt.ts";
import { openTeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { splitWords } from "../../../lib/conditioning/vocabulary.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath } from "../../support/goldens.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";
import { memoryFolder } from "./memory_folder.ts";

const WORDS = "a red dragon castle masterpiece face with tears of joy firefighter man's shoe jack";
const MINI = { words: new Set(splitWords(WORDS)), signs: new Set(["'"]) };

function read(prompt: string): string {
  return normalizePrompt(prompt, MINI).text.trim().replace(/ +/g, " ");
}

Deno.test("normalizePrompt() leaves a plain prompt as it is, without notes", () => {
  for (const prompt of ["", "a red dragon", "a  Man's shoe"]) {
    const text = prompt.replace(/ +/g, " ");
    assert.deepEqual(normalizePrompt(prompt, MINI), { text, notes: [] });
    assert.deepEqual(normalizePrompt(prompt, undefined), { text, notes: [] });
  }
});

Deno.test("normalizePrompt() makes typographic signs plain for every teacher", () => {
  const typed = "a\u00a0\u201cred\u201d dragon\u2019s\u2014castle\u2026 \uff32ed\u00ad\u200b";
  assert.deepEqual(normalizePrompt(typed, undefined), {
    text: `a "red" dragon's-castle... Red`,
    notes: [],
  });
  assert.equal(read("a \u201cred\u201d dragon"), "a red dragon");
  assert.equal(read("a \u2018red\u2019 dragon\u2019s castle"), "a red dragon's castle");
});

Deno.test("normalizePrompt() takes prompt weights out for a teacher with a vocabulary", () => {
  for (
    const red of [
      ...["(red:1.3)", "((red))", "[red]", "(red)1.2", "{{red}}", "(((red:1.2)))", "[(red):0.5]"],
      ...["( red : 1.3 )", "(red:.5)", "(red:-1)", String.raw`\(red\)`],
    ]
  ) {
    const { text, notes } = normalizePrompt(`a ${red} dragon`, MINI);
    assert.equal(text.trim().replace(/ +/g, " "), "a red dragon", red);
    assert.match(notes.join(), /^Prompt weights are not supported yet: [^,]*red[^,]*$/, red);
  }
  assert.equal(read("(masterpiece:1.2), (castle:1.3)"), "masterpiece castle");
  assert.deepEqual(normalizePrompt("a ((red)) [(dragon:1.2)]", MINI).notes, [
    "Prompt weights are not supported yet: the brackets and numbers are left out of " +
    '"((red))", "[(dragon:1.2)]"',
  ]);
  const typed = "a (red:1.3) ((dragon))";
  const other = normalizePrompt(typed, undefined);
  assert.equal(other.text, typed);
  assert.deepEqual(other.notes, [
    'Prompt weights are not supported yet; read as plain text: "(red:1.3)"',
  ]);
});

Deno.test("normalizePrompt() leaves tags of LoRAs out, with a note", () => {
  const { text, notes } = normalizePrompt("a dragon <lora:pixel-art:0.8>", undefined);
  assert.equal(text, "a dragon");
  assert.match(notes.join(), /^Left out: "<lora:pixel-art:0.8>"; .*diffusion\.lora_path/);
});

Deno.test("normalizePrompt() reads emoji by the names that the vocabulary has", () => {
  for (
    const [typed, text] of [
      ["\u{1f409}", "dragon"],
      ["a\u{1f409}", "a dragon"],
      ["\u{1f409}\u{1f409} \u{1f3f0}", "dragon castle"],
      ["a castle \u{1f3f0}", "a castle"],
      ["\u{1f602}", "face with tears of joy"],
      // A woman firefighter with a skin tone: a sequence of four code points.
      ["\u{1f469}\u{1f3fd}\u200d\u{1f692}", "firefighter"],
    ] as const
  ) assert.equal(read(typed), text, typed);
  const { text, notes } = normalizePrompt("a \u{1f409} \u{1f40c}\ufe0f", MINI);
  assert.equal(text.trim().replace(/ +/g, " "), "a dragon");
  assert.deepEqual(notes, [
    '"\u{1f409}" is read as "dragon"',
    'Left out, since the teacher does not know it: "\u{1f40c}\ufe0f"',
  ]);
  assert.deepEqual(normalizePrompt("\u{1f409}", undefined), { text: "\u{1f409}", notes: [] });
});

Deno.test("normalizePrompt() names the signs that it leaves out", () => {
  const { text, notes } = normalizePrompt("red, a-dragon!! 1.5 \u2022", MINI);
  assert.equal(text, "red a dragon 1.5");
  assert.deepEqual(notes, [
    "Left out, since the teacher does not know these signs: , - ! \u2022",
  ]);
});

const TINY = openModelFolder(goldenPath("tiny-sdxl"));

Deno.test("promptNotes() names the words beyond the token limit, and unknown ones", async () => {
  const teacher = await openTeacherFolder(TINY);
  const long = Array.from({ length: 75 }, () => "a").join(" ");
  assert.deepEqual(await promptNotes(teacher, long), []);
  assert.deepEqual(await promptNotes(teacher, `${long} big castle`), [
    `The prompt is too long for the teacher "${teacher.name}"; it does not read: "big castle"`,
  ]);
  const lists = { names: ["dragon"], backgrounds: [], grammar: ["a"], colors: [] };
  const named = await openTeacherFolder(
    memoryFolder({ "vocabulary.json": JSON.stringify(lists) }, TINY),
  );
  assert.deepEqual(await promptNotes(named, "(dragon:1.3) 7"), [
    'Prompt weights are not supported yet: the brackets and numbers are left out of "(dragon:1.3)"',
    `"7" is not in the vocabulary of "${named.name}"; see its vocabulary.json for all words`,
  ]);
});

Deno.test("encodePrompts() encodes the normalized texts, the negative one too", async () => {
  const teacher = await openTeacherFolder(TINY);
  const plain = { prompt: 'a "red" dragon', negativePrompt: "castle's" };
  const typed = { prompt: "a \u201cred\u201d\u00a0dragon", negativePrompt: "castle\u2019s" };
  assert.deepEqual(
    (await encodePrompts(WASM_SESSIONS, teacher, typed)).states,
    (await encodePrompts(WASM_SESSIONS, teacher, plain)).states,
  );
});
