/**
 * Judges pictures of a scarce inventory: one that is kept on the way, against the best replacement
 * of the plain picture's colors afterwards.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { RunConfig } from "../../../config/run_config.ts";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { assignCells } from "../../../lib/craft/assign_cells.ts";
import { matchMaterials } from "../../../lib/craft/match_materials.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { writeFileInFolder } from "../../../lib/files/write_file.ts";
import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { encodePng } from "../../../lib/image/encode_png.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import type { Palette } from "../../../lib/palette/palette.ts";
import { imageOf } from "../../../lib/sprite/formats/png_sprite.ts";
import { describeEnvironment } from "../bench_environment.ts";
import { contactSheet, type SheetRow } from "../recipes/contact_sheet.ts";
import { CaptionJudge } from "../recipes/judge/caption_judge.ts";
import { JUDGE_FOLDER } from "../recipes/judge/judge.ts";
import { PROMPT_SETS } from "../recipes/prompts.ts";
import { classificationOf } from "../recipes/scores/classification.ts";

const HELP = `Judges beads under a scarce inventory, for some names of game48 and some seeds.

  deno run --allow-read --allow-write=workdir --allow-env=XDG_RUNTIME_DIR \\
    tests/bench/craft/judge_inventory.ts [options]

  --preset draft    preset of the pictures, without score distillation
  --palette hama    the beads
  --seeds 0,1,2     the seeds
  --names 6         how many names of game48, evenly spread: a divisor of 48
  --runtime auto    runtime of the networks; native also needs --allow-ffi, --allow-sys and
                    --allow-env
  --output folder   where the sheets of pictures go (default: workdir/bench/inventory)
`;

const OPTIONS = {
  preset: { type: "string", default: "draft" },
  palette: { type: "string", default: "hama" },
  names: { type: "string", default: "6" },
  seeds: { type: "string", default: "0,1,2" },
  runtime: { type: "string", default: "auto" },
  output: { type: "string", default: "workdir/bench/inventory" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Pegs of a board. */
const SIZE = { imageH: 29, imageW: 29 };
/** Of a bead that the plain picture uses, this share is there; of each other one, so many. */
const SHARE_LEFT = 0.5;
const COUNT_OF_OTHERS = 20;

type PresetName = NonNullable<RunConfig["preset"]>;
type Runtime = RunConfig["runtime"];

/** What all pictures share. */
interface Workshop {
  readonly gpu: Gpu;
  readonly pool: SessionPool;
  readonly palette: Palette;
  readonly values: {
    readonly preset: string;
    readonly palette: string;
    readonly runtime: string;
  };
}

/** Makes a picture, with the inventory kept on the way if there is one. */
async function make(
  { gpu, pool, palette, values }: Workshop,
  { prompt, seed }: { readonly prompt: string; readonly seed: number },
  inventory?: readonly number[],
): Promise<IndexedPicture> {
  const config = resolveRunConfig({
    preset: values.preset as PresetName,
    prompt,
    seed,
    runtime: values.runtime as Runtime,
    generator: { ...SIZE, palette: values.palette },
  });
  await using run = await createRun(config, {
    gpu,
    pool,
    palette,
    ...inventory === undefined ? {} : { inventory },
  });
  for await (const _ of distill(run));
  const { indices } = await run.picture();
  return { height: SIZE.imageH, width: SIZE.imageW, palette: run.palette, indices };
}

/** Half of each bead that the picture uses, and some of all others: it cannot be made so. */
function scarceInventory({ indices, palette }: IndexedPicture): number[] {
  const counts: number[] = new Array(palette.size).fill(0);
  for (const index of indices) counts[index]!++;
  return counts.map((count) => count === 0 ? COUNT_OF_OTHERS : Math.floor(SHARE_LEFT * count));
}

/** The nearest pictures that the inventory allows: by CIEDE2000, and by the distance in sRGB. */
function replacements(picture: IndexedPicture, inventory: readonly number[]): IndexedPicture[] {
  const { palette, indices } = picture;
  const squared = new Float64Array(indices.length * palette.size);
  for (const [cell, index] of indices.entries()) {
    const color = palette.at(index);
    for (let m = 0; m < palette.size; m++) {
      squared[cell * palette.size + m] = palette.at(m)
        .reduce((sum, value, c) => sum + (value - color[c]!) ** 2, 0);
    }
  }
  return [
    matchMaterials(picture, palette, { inventory }).picture,
    { ...picture, indices: assignCells(squared, inventory)! },
  ];
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  const palette = await findPalette(values.palette);
  const captions = Object.values(PROMPT_SETS).flat().flatMap(({ name }) => name ?? []);
  await using judge = await CaptionJudge.open(JUDGE_FOLDER, captions);
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  const workshop: Workshop = { gpu, pool, palette, values };
  print(`${describeEnvironment(gpu.adapterName)}\n\n`);
  const seeds = values.seeds.split(",").map(Number);
  const step = PROMPT_SETS.game48.length / Number(values.names);
  if (!Number.isInteger(step)) {
    throw new RangeError(`expected a divisor of 48, got "${values.names}"`);
  }
  const prompts = PROMPT_SETS.game48.filter((_, i) => i % step === 0);
  print("| seed | name | plain p | best replacement's p | ours | ours is higher |\n");
  print("| --: | :-- | --: | --: | --: | :-- |\n");
  // For each prompt its three p, a row for each seed.
  const found = new Map<string, number[][]>(prompts.map(({ name }) => [name!, []]));
  for (const seed of seeds) {
    const rows: SheetRow[] = [];
    for (const { prompt, name } of prompts) {
      const judged = async (picture: IndexedPicture) => {
        const image = imageOf(picture);
        const logits = await judge.classify(image);
        return { image, p: classificationOf(logits, judge.names, name!).probability };
      };
      const plain = await make(workshop, { prompt, seed });
      const inventory = scarceInventory(plain);
      const replaced = await Promise.all(replacements(plain, inventory).map(judged));
      const row = [
        await judged(plain),
        replaced.reduce((a, b) => b.p > a.p ? b : a),
        await judged(await make(workshop, { prompt, seed }, inventory)),
      ] as const;
      const texts = row.map(({ p }) => p.toPrecision(2));
      const isHigher = row[2].p > row[1].p ? "yes" : "no";
      print(`| ${seed} | ${name} | ${texts.join(" | ")} | ${isHigher} |\n`);
      rows.push({
        label: name!,
        cells: row.map(({ image, p }) => ({ picture: image, caption: { text: p.toFixed(4) } })),
      });
      found.get(name!)!.push(row.map(({ p }) => p));
    }
    const sheet = contactSheet(["plain", "best replacement", "ours"], rows);
    const file = `${values.output}/sheet_${seed}.png`;
    await writeFileInFolder(file, encodePng(sheet));
    print(`Written: ${file}\n`);
  }
  printMeans(found);
}

/** Prints the means over seeds of each prompt, and their means; each prompt counts once. */
function printMeans(found: ReadonlyMap<string, readonly (readonly number[])[]>): void {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const means = [...found].map(([name, rows]) => ({
    name,
    values: [0, 1, 2].map((i) => mean(rows.map((row) => row[i]!))),
  }));
  print("\n| name | plain p | best replacement's p | ours | ours is higher |\n");
  print("| :-- | --: | --: | --: | :-- |\n");
  for (const { name, values } of means) {
    const texts = values.map((p) => p.toPrecision(2));
    print(`| ${name} | ${texts.join(" | ")} | ${values[2]! > values[1]! ? "yes" : "no"} |\n`);
  }
  const all = [0, 1, 2].map((i) => mean(means.map(({ values }) => values[i]!)).toPrecision(2));
  print(`| mean | ${all.join(" | ")} | |\n\n`);
  const differences = means.map(({ values }) => values[2]! - values[1]!);
  print(`ours - best replacement: ${meanAndError(differences)}\n`);
}

function meanAndError(values: readonly number[]): string {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (values.length - 1) / values.length);
  return `${mean.toFixed(3)} ± ${error.toFixed(3)}`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) await main(Deno.args);
