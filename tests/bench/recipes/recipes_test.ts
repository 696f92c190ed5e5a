import assert from "node:assert/strict";
import { builtInPalettes } from "../../../lib/palette/formats/built_in_palettes.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { parseBenchOptions } from "./bench_options.ts";
import { readInput } from "./picture_files.ts";
import { listTasks } from "./picture_tasks.ts";
import { backgroundColor } from "./backgrounds.ts";
import { BENCH_PALETTES, HARD_SETS, hasImages, type Prompt, PROMPT_SETS } from "./prompts.ts";
import { fitsSet, HARD_RECIPES, type Job, jobConfig, jobKey, RECIPES } from "./recipe.ts";
import { drawScene, SCENES } from "./scenes.ts";

const OPTIONS = { model: "mini", runtime: "auto", overrides: [] };

function jobOf(recipe: string): Job {
  const found = RECIPES.find(({ name }) => name === recipe)!;
  const prompt = PROMPT_SETS.names48[0]!;
  return { recipe: found, set: "names48", prompt, size: 16, palette: "game-boy", seed: 3 };
}

Deno.test("PROMPT_SETS holds 48 names, 24 backgrounds and 12 images, without duplicates", () => {
  const { names48, backgrounds24, images12 } = PROMPT_SETS;
  assert.deepEqual([names48.length, backgrounds24.length, images12.length], [48, 24, 12]);
  const all: readonly Prompt[] = [...names48, ...backgrounds24, ...images12];
  assert.equal(new Set(all.map(({ prompt }) => prompt)).size, 84);
  for (const { name } of names48) assert.ok(name!.split(" ").length <= 2, name!);
  for (const { prompt, background } of [...backgrounds24, ...images12]) {
    if (background === undefined) continue;
    assert.equal(backgroundColor(background).length, 3);
    assert.match(prompt, new RegExp(` on an? ${background} background$`));
  }
});

Deno.test("the hard sets hold 48, 24 and 20 prompts, and their input images exist", async () => {
  assert.deepEqual(HARD_SETS.map((set) => PROMPT_SETS[set].length), [48, 24, 20]);
  for (const set of HARD_SETS) {
    const prompts = PROMPT_SETS[set];
    assert.equal(new Set(prompts.map(({ id }) => id)).size, prompts.length, set);
    for (const prompt of prompts) {
      if (prompt.background !== undefined) backgroundColor(prompt.background);
      if (prompt.image === undefined) continue;
      const image = await readInput(prompt);
      assert.deepEqual([image!.height, image!.width], [256, 256], prompt.id);
    }
  }
  assert.ok(hasImages("detailed20") && !hasImages("game48"));
});

Deno.test("every start of a recipe is a recipe without steps and edit", () => {
  for (const { start } of RECIPES) {
    if (start === undefined) continue;
    const { training, diffusion } = jobConfig(jobOf(start), OPTIONS);
    assert.deepEqual([training.steps, diffusion.strength], [0, 0], start);
  }
});

Deno.test("BENCH_PALETTES have 4, 8, 16 and 32 colors", async () => {
  const names = builtInPalettes().map(({ name }) => name);
  assert.ok(BENCH_PALETTES.every((name) => names.includes(name)));
  const palettes = await Promise.all(BENCH_PALETTES.map((name) => findPalette(name)));
  assert.deepEqual(palettes.map(({ size }) => size), [4, 8, 16, 32]);
});

Deno.test("input images are what draw_scenes.ts draws", async () => {
  for (const [i, scene] of SCENES.slice(0, 2).entries()) {
    const prompt = PROMPT_SETS.images12[i]!;
    assert.equal(prompt.id, scene.id);
    const input = await readInput(prompt);
    assert.deepEqual(input!.data, drawScene(scene, input!.width).data);
  }
});

Deno.test("jobConfig() completes every recipe", () => {
  for (const { name } of RECIPES) {
    const config = jobConfig(jobOf(name), OPTIONS);
    assert.deepEqual([config.generator.imageH, config.generator.imageW, config.seed], [16, 16, 3]);
    assert.equal(config.prompt, PROMPT_SETS.names48[0]!.prompt);
  }
  assert.equal(jobConfig(jobOf("paper-300"), OPTIONS).sd.guidanceScale, 40);
  assert.equal(jobConfig(jobOf("draft"), OPTIONS).diffusion.editSteps, 8);
});

Deno.test("jobConfig() lets overrides win over a recipe, and names a wrong one", () => {
  const job = jobOf("draft");
  const overrides = ["training.steps=2"];
  assert.equal(jobConfig(job, { ...OPTIONS, overrides }).training.steps, 2);
  assert.throws(
    () => jobConfig(job, { ...OPTIONS, overrides: ["training.step=2"] }),
    /--override training\.step.*did you mean "training\.steps"/,
  );
});

Deno.test("parseBenchOptions() lists all recipes of a prompt before the next prompt", () => {
  const { jobs } = parseBenchOptions(["--recipes", "nearest,standard", "--limit", "2"])!;
  assert.deepEqual(jobs.map(jobKey), [
    "names48/32_sweetie-16_0/nearest/wilted_flower",
    "names48/32_sweetie-16_0/standard/wilted_flower",
    "names48/32_sweetie-16_0/nearest/rabbit_face",
    "names48/32_sweetie-16_0/standard/rabbit_face",
  ]);
});

Deno.test("parseBenchOptions() takes the fast recipes for the set", () => {
  const recipesOf = (set: string) =>
    parseBenchOptions(["--set", set, "--limit", "1"])!.jobs.map(({ recipe }) => recipe);
  for (const set of ["names48", "images12"] as const) {
    const recipes = recipesOf(set);
    assert.ok(recipes.every((recipe) => fitsSet(recipe, set) && !recipe.isSlow));
    assert.ok(recipes.some(({ name }) => name === "standard"));
  }
  assert.ok(recipesOf("images12").some(({ name }) => name === "image-free"));
  assert.ok(!recipesOf("names48").some(({ name }) => name === "image-free"));
});

Deno.test("parseBenchOptions() takes the hard sets together, with their own recipes", () => {
  const { jobs, shard } = parseBenchOptions(["--set", "hard", "--limit", "1", "--shard", "2/3"])!;
  assert.deepEqual(shard, { index: 1, count: 3 });
  assert.equal(parseBenchOptions(["--tables"])!.tablesOnly, true);
  assert.deepEqual([...new Set(jobs.map(({ set }) => set))], HARD_SETS);
  assert.deepEqual([...new Set(jobs.map(({ recipe }) => recipe.name))], HARD_RECIPES);
});

Deno.test("parseBenchOptions() names what it does not know", () => {
  const refusals = [
    [["--set", "names"], /the set "names": expected one of names48, backgrounds24, images12/],
    [["--recipes", "fast"], /the recipe "fast": expected one of nearest/],
    [["--sizes", "big"], /read --sizes: expected an integer, got "big"/],
    [["--recipes", "image-free"], /expected recipes for the set, got none/],
    [["--fast"], /--fast/],
    [["--shard", "0/2"], /read --shard: expected K\/N with K from 1 to N, got "0\/2"/],
    [["--shard", "3/2"], /got "3\/2"/],
  ] as const;
  for (const [args, message] of refusals) {
    assert.throws(() => parseBenchOptions([...args]), message);
  }
  assert.throws(() => parseBenchOptions(["--batch", "0"]), /--batch: expected 1 or more, got 0/);
});

Deno.test("listTasks() keeps the order of the jobs, and reads input images", async () => {
  const options = parseBenchOptions([
    ...["--set", "game48,detailed20", "--limit", "2", "--sizes", "16,32", "--seeds", "0,1"],
    ...["--recipes", "nearest,standard"],
  ])!;
  const tasks = (await listTasks(options, "teacher")).flat();
  assert.deepEqual(tasks.map(({ job }) => job), options.jobs);
  const [first, second] = options.jobs.filter(({ set }) => set === "detailed20");
  const swapped = {
    ...first!,
    prompt: { ...first!.prompt, image: options.jobs.at(-1)!.prompt.image! },
  };
  const [one, , other] =
    (await listTasks({ ...options, jobs: [first!, second!, swapped] }, "teacher"))
      .flat();
  assert.notEqual(one!.fingerprint, other!.fingerprint);
});

Deno.test("hard_table.sh names the recipes of the hard sets", async () => {
  const script = await Deno.readTextFile(new URL("hard_table.sh", import.meta.url));
  const [, names] = /^recipes=(.*)$/m.exec(script)!;
  assert.deepEqual(names!.split(","), HARD_RECIPES);
});
