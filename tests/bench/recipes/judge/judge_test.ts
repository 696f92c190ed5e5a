import assert from "node:assert/strict";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import { Image } from "../../../../lib/image/image.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { goldenPath } from "../../../support/goldens.ts";
import { classificationOf } from "../scores/classification.ts";
import { CaptionJudge } from "./caption_judge.ts";
import { Judge, JUDGE_FOLDER, JUDGE_SIZE, judgeInput } from "./judge.ts";

/** A random judge, whose answers `reference.py` computed in numpy. */
const TINY = goldenPath("tiny-judge");

interface Answers {
  readonly scale: number;
  readonly pictures: Readonly<Record<string, readonly number[]>>;
  readonly texts: Readonly<Record<string, readonly number[]>>;
}

/** Draws the picture of `reference.py`. */
function drawn(side: number): Image {
  const values = Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    return [0, 1, 2].map((c) => (y * y * 7 + x * 29 + y * x * 3 + c * 83) % 256);
  });
  const colors = Uint8Array.from(values.flat());
  return Image.fromIndices({ height: side, width: side }, values.map((_, i) => i), colors);
}

async function assertAnswers(folder: string): Promise<void> {
  const answers: Answers = JSON.parse(await Deno.readTextFile(`${folder}/answers.json`));
  await using judge = await Judge.open(folder);
  const captions = await judge.encodeCaptions(Object.keys(answers.texts));
  assertAllClose(captions.embeddings, Object.values(answers.texts).flat(), { atol: 1e-4 });
  for (const [side, expected] of Object.entries(answers.pictures)) {
    const embedding = await judge.encodePicture(drawn(Number(side)));
    assertAllClose(embedding, expected, { atol: 1e-4 });
    const logits = captions.texts.map((text) =>
      answers.scale * answers.texts[text]!.reduce((sum, value, i) => sum + value * expected[i]!, 0)
    );
    assertAllClose(judge.logits(embedding, captions), logits, { atol: 1e-2 });
  }
}

Deno.test("Judge computes what an independent program computes", () => assertAnswers(TINY));

Deno.test("the trained judge computes what an independent program computes", () =>
  assertAnswers(JUDGE_FOLDER));

Deno.test("the trained judge names pictures of things", async () => {
  const names = ["house", "mushroom", "umbrella"];
  await using judge = await CaptionJudge.open(JUDGE_FOLDER, names);
  for (const file of names) {
    const bytes = await Deno.readFile(new URL(`../images/${file}.png`, import.meta.url));
    const image = await decodeImage(bytes, { name: file });
    const { rank } = classificationOf(await judge.classify(image), judge.names, file);
    assert.ok(rank <= 5, `${file} has rank ${rank}`);
  }
});

Deno.test("encodeCaptions() gives the same embedding in any batch", async () => {
  await using judge = await Judge.open(TINY);
  const texts = Array.from(
    { length: 70 },
    (_, i) => `${"abcdefg"[i % 7]} ${"tuvwxyz".slice(i % 6)}`,
  );
  const all = await judge.encodeCaptions(texts);
  const one = await judge.encodeCaptions([texts[65]!]);
  const width = one.embeddings.length;
  assertAllClose(all.embeddings.subarray(65 * width, 66 * width), one.embeddings, { atol: 1e-5 });
  assert.equal((await judge.encodeCaptions([])).embeddings.length, 0);
});

Deno.test("CaptionJudge chooses among its names and the captions of the prompts", async () => {
  await using judge = await CaptionJudge.open(TINY, ["a purple goblin"]);
  assert.equal(judge.names.length, new Set(judge.names).size);
  assert.ok(judge.names.length > 2000 && judge.names.includes("a purple goblin"));
  const logits = await judge.classify(drawn(16));
  assert.equal(logits.length, judge.names.length);
  assert.ok(logits.every(Number.isFinite) && new Set(logits).size > 1000);
  await using other = await CaptionJudge.open(TINY);
  assert.equal(await judge.fingerprint(), await judge.fingerprint());
  assert.notEqual(await judge.fingerprint(), await other.fingerprint());
});

Deno.test("Judge.open() says what is missing", async () => {
  await assert.rejects(Judge.open(goldenPath("nothing")), /tokenizer_config\.json/);
});

Deno.test("judgeInput() enlarges a picture by nearest neighbor, channels first", () => {
  const colors = Uint8Array.of(255, 0, 0, 0, 255, 0);
  const picture = Image.fromIndices({ height: 2, width: 2 }, [0, 1, 1, 0], colors);
  const planes = judgeInput(picture);
  const at = (channel: number, y: number, x: number) =>
    planes[(channel * JUDGE_SIZE + y) * JUDGE_SIZE + x];
  assert.deepEqual([at(0, 0, 0), at(0, 31, 31), at(0, 31, 32), at(0, 63, 63)], [1, 1, 0, 1]);
  assert.deepEqual([at(1, 0, 0), at(1, 0, 63), at(2, 40, 3)], [0, 1, 0]);
});
