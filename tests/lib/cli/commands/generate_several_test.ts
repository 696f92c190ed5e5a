import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import type { GenerateFlags } from "../../../support/generate_flags.ts";
import { parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";
import { paintingRuns } from "./painting_run.ts";
import { eventsOf, generate, isThere, lastOf, readIndex, run, stopAt } from "./several_runs.ts";

Deno.test("generate makes each prompt in each palette with each seed, and ranks them", async () => {
  await inTemporaryFolder(async (output) => {
    const flags = {
      prompt: ["a cat", "a dog"],
      palette: ["1-bit", "game-boy"],
      variations: "2",
      seed: "7",
      size: "8,10",
      steps: "2",
      output,
    };
    const events = await generate(flags, paintingRuns());
    const last = lastOf(events);
    const expected = ["a cat", "a dog"].flatMap((prompt) =>
      ["1-bit", "game-boy"].flatMap((palette) =>
        [7, 8].map((seed) => ({ prompt, palette, seed, steps: 2 }))
      )
    );
    const starts = events.flatMap((event) => event.event === "start" ? [event] : []);
    assert.deepEqual(
      starts.map(({ prompt, palette, seed, steps }) => ({ prompt, palette, seed, steps })),
      expected,
    );
    // Each event says of which picture it is, but the last one.
    const numbers = Array.from({ length: 8 }, (_, i) => Array(5).fill({ number: i + 1, of: 8 }));
    assert.deepEqual(events.map(({ picture }) => picture), [...numbers.flat(), undefined]);
    assert.match(last.folder, /standard\/\d{4}(-\d\d){5}-mini-im8x10-2-palettes-8-pictures$/);
    assert.deepEqual([last.asked, last.interrupted, last.files], [8, false, [
      join(last.folder, "contact_sheet.png"),
      join(last.folder, "index.json"),
    ]]);
    // The score is greater for seed 7; ties keep the order in which they were made.
    assert.deepEqual(last.pictures.map(({ number }) => number), [1, 3, 5, 7, 2, 4, 6, 8]);
    assert.deepEqual(last.pictures[4], {
      number: 2,
      prompt: "a cat",
      palette: "1-bit",
      seed: 8,
      score: -0.008,
      complete: true,
      folder: join(last.folder, "2-seed-8-1-bit-a_cat"),
    });
    const { pictures, missing } = await readIndex(last.folder);
    assert.deepEqual(missing, []);
    assert.deepEqual(pictures[7], {
      rank: 8,
      score: -0.008,
      number: 8,
      prompt: "a dog",
      palette: "game-boy",
      seed: 8,
      folder: "8-seed-8-game-boy-a_dog",
      picture: "8-seed-8-game-boy-a_dog/final_argmax.png",
      step: 2,
      complete: true,
    });
    for (const { picture } of pictures) {
      const { height, width } = await decodeImage(
        await Deno.readFile(join(last.folder, String(picture))),
      );
      assert.deepEqual([height, width], [8, 10]);
    }
    // A folder is a run as any other.
    const again = await run({ json: true, resume: last.pictures[0]!.folder }, paintingRuns());
    assert.deepEqual(eventsOf(again.text).map(({ event }) => event), ["stage", "start", "done"]);
  });
});

Deno.test("generate tells of several pictures in plain lines, and of notes once", async () => {
  await inTemporaryFolder(async (output) => {
    const noting = paintingRuns({
      before: (_, { onNote }) => onNote?.("two colors look alike"),
    });
    const flags = { prompt: "a cat", variations: "2", size: "8,8", steps: "1", output };
    const { text } = await run(flags, noting);
    const folder = /(?<=, "a cat"\n {2})\S+(?=\/contact_sheet\.png)/.exec(text)![0];
    const steps = (number: number, score: string) => [
      "load …",
      `picture ${number} of 2: "a cat", 8 x 8 pixels (height x width), palette sweetie-16, ` +
      `seed ${number - 1}`,
      "networks: wasm; kernels: none",
      `${number} of 2  step 1/1  t 500  score 1`,
      `picture ${number} of 2 done (0 s, 1 teacher call, score ${score})`,
      `  ${folder}/${number}-seed-${number - 1}-sweetie-16-a_cat`,
    ];
    assert.deepEqual(text.replaceAll(/\(\d+ s/g, "(0 s").split("\n"), [
      "note: two colors look alike",
      ...steps(1, "+0.00"),
      ...steps(2, "+0.999"),
      "2 pictures (0 s), the teacher's best first",
      '  1. +0.999  picture 2: seed 1, sweetie-16, "a cat"',
      '  2. +0.00  picture 1: seed 0, sweetie-16, "a cat"',
      `  ${folder}/contact_sheet.png`,
      `  ${folder}/index.json`,
      "",
    ]);
    // The log of each run has its notes.
    for (const number of [1, 2]) {
      const run = `${folder}/${number}-seed-${number - 1}-sweetie-16-a_cat`;
      const names = (await Array.fromAsync(Deno.readDir(run))).map(({ name }) => name);
      const log = names.find((name) => name.endsWith(`-log-${number - 1}.txt`))!;
      const lines = await Deno.readTextFile(join(run, log));
      assert(lines.includes("note: two colors look alike\n") && /\ndone \(\d+ s/.test(lines));
    }
  });
});

Deno.test("generate refuses pictures that contradict each other, before it loads a teacher", async () => {
  const cat = { prompt: "a cat" };
  const cases: [Partial<GenerateFlags>, RegExp][] = [
    [
      { ...cat, variations: "0" },
      /^Cannot read flag "--variations": expected an integer in \[1, 1000\], got "0"$/,
    ],
    [{ ...cat, variations: "-1" }, /integer in \[1, 1000\], got "-1"$/],
    [{ ...cat, variations: "1.5" }, /integer in \[1, 1000\], got "1.5"$/],
    [{ ...cat, variations: "two" }, /integer in \[1, 1000\], got "two"$/],
    [{ ...cat, variations: "1001" }, /integer in \[1, 1000\], got "1001"$/],
    [
      { ...cat, variations: "2", seed: "18446744073709551615" },
      /seeds of at most 18446744073709551615, got 18446744073709551615 to 18446744073709551616; start with a smaller --seed$/,
    ],
    [
      { prompt: ["a cat", "a dog"], variations: "501" },
      /^Cannot generate 1002 pictures: expected at most 1000 in one call$/,
    ],
    [{ prompt: ["a cat", "a cat"] }, /expected each --prompt once, got "a cat" twice/],
    [{ ...cat, palette: ["1-bit", "1-bit"] }, /expected each --palette once, got "1-bit" twice/],
    [{ prompt: ["a cat", " "] }, /^Cannot generate: expected a prompt or an image/],
    [
      { prompt: ["a cat", "a dog"], set: ["prompt=a cow"] },
      /^Cannot generate with several of --prompt: "--set prompt" leaves only one; leave it out$/,
    ],
    [
      { prompt: ["a cat", "a dog"], set: ["automatic_caption=true"] },
      /^Cannot generate with several of --prompt: automatic_caption replaces them/,
    ],
    [
      { ...cat, palette: ["1-bit", "game-boy"], kmeansNbColors: "4" },
      /^Cannot generate with several of --palette: the initialization_method "kmeans" makes/,
    ],
    [{ ...cat, palette: ["1-bit", "gameboi"] }, /^Cannot find palette "gameboi"/],
  ];
  const never = paintingRuns({
    before() {
      throw new Error("loaded");
    },
  });
  for (const [flags, message] of cases) {
    await assert.rejects(run(flags, never), { message });
  }
  await inTemporaryFolder(async (output) => {
    const events = await generate({ ...cat, size: "8,8", steps: "1", output }, paintingRuns());
    const done = events.at(-1);
    assert(done?.event === "done");
    const resumed = [
      [{ variations: "2" }, "--variations"],
      [{ prompt: ["a", "b"] }, "several of --prompt"],
      [{ palette: ["1-bit", "game-boy"] }, "several of --palette"],
    ] as const;
    for (const [flags, found] of resumed) {
      await assert.rejects(run({ ...flags, resume: done.folder }, never), {
        name: "UsageError",
        message: `Cannot resume several pictures: expected one run, got ${found} with --resume; ` +
          "resume one folder a call",
      });
    }
  });
});

Deno.test("generate keeps the pictures before one that fails", async () => {
  await inTemporaryFolder(async (output) => {
    const failing = paintingRuns({
      before({ seed }) {
        if (seed === 2) throw new Error("Cannot load");
      },
    });
    const flags = { prompt: "a cat", variations: "4", size: "8,8", steps: "1", output };
    await assert.rejects(run(flags, failing), /^Error: Cannot load$/);
    const [folder] = await Array.fromAsync(Deno.readDir(join(output, "standard")));
    const path = join(output, "standard", folder!.name);
    const { pictures, missing } = await readIndex(path);
    assert.deepEqual(pictures.map(({ seed }) => seed), [1, 0]);
    assert.deepEqual(
      missing,
      [3, 4].map((number) => ({
        number,
        prompt: "a cat",
        palette: "sweetie-16",
        seed: number - 1,
      })),
    );
    assert(await isThere(join(path, "contact_sheet.png")));
  });
});

Deno.test("generate asks no score of a picture that its teacher cannot score", async () => {
  await inTemporaryFolder(async (output) => {
    const doubtful = paintingRuns({
      change(run) {
        run.score = () => Promise.resolve(run.config.seed === 0 ? NaN : -Number(run.config.seed));
        return run;
      },
    });
    const flags = { prompt: "a cat", variations: "3", size: "8,8", steps: "1", output };
    const last = lastOf(await generate(flags, doubtful));
    assert.deepEqual(last.pictures.map(({ number, score }) => [number, score]), [
      [2, -1],
      [3, -2],
      [1, null],
    ]);
    const { pictures } = await readIndex(last.folder);
    assert.deepEqual(pictures.map(({ rank, score }) => [rank, score]), [[1, -1], [2, -2], [
      3,
      null,
    ]]);
  });
});

Deno.test("Ctrl-C within a picture leaves those before it, itself, a sheet and an index", async () => {
  await inTemporaryFolder(async (output) => {
    // The second prompt is painted for 20 s.
    const events = await stopAt(
      (event) => event.event === "step" && event.picture?.number === 2,
      output,
      [
        ...["--prompt", "a cat", "--prompt", "a slow cat"],
        ...["--prompt", "a cow", "--prompt", "a dog", "--steps", "100"],
      ],
    );
    const last = lastOf(events);
    assert.deepEqual([last.asked, last.interrupted], [4, true]);
    assert.equal(last.pictures.length, 2);
    const { pictures, missing } = await readIndex(last.folder);
    assert.equal(pictures.length + missing.length, 4);
    for (const { folder, step, complete } of pictures) {
      const path = join(last.folder, String(folder));
      assert(await isThere(join(path, "final_argmax.png")));
      assert(await isThere(join(path, `checkpoint_${step}.safetensors`)));
      assert.equal(complete, step === 100);
    }
    const stopped = pictures.at(-1)!;
    assert.deepEqual([stopped["rank"], stopped["score"], stopped["complete"]], [null, null, false]);
    assert.deepEqual(missing.map(({ number }) => number), [3, 4]);
    // One tile of 160 x 160 pixels, two lines and margins.
    const sheet = await decodeImage(await Deno.readFile(join(last.folder, "contact_sheet.png")));
    assert.deepEqual([sheet.height, sheet.width], [16 + 160 + 24 + 16, 16 + 160 + 16]);
  });
});

Deno.test("Ctrl-C within the first picture leaves it and an index", async () => {
  await inTemporaryFolder(async (output) => {
    const args = ["--prompt", "a cat", "--steps", "100000", "--variations", "2"];
    const events = await stopAt(({ event }) => event === "step", output, args);
    const last = lastOf(events);
    assert.deepEqual(last.files, [join(last.folder, "index.json")]);
    assert(!await isThere(join(last.folder, "contact_sheet.png")));
    const { pictures, missing } = await readIndex(last.folder);
    assert.deepEqual([pictures.length, missing.length], [1, 1]);
    const { folder, step } = pictures[0]!;
    assert(await isThere(join(last.folder, String(folder), `checkpoint_${step}.safetensors`)));
  });
});

Deno.test("flags that are typed several times are lists", () => {
  const parse = (args: readonly string[]) => {
    const parsed = parseCommandLine(["generate", ...args]);
    assert(parsed?.command === "generate");
    return parsed.flags;
  };
  const typed = ["-pt", "a cat", "--prompt=a dog", "--palette", "1-bit", "--variations", "3"];
  const { prompt, palette, variations } = parse(typed);
  assert.deepEqual(prompt, ["a cat", "a dog"]);
  assert.deepEqual([palette, variations], [["1-bit"], "3"]);
  const one = parse(["--prompt", "--prompt"]);
  assert.deepEqual([one.prompt, "palette" in one], [["--prompt"], false]);
});
