import { basename } from "node:path";
import { parseArgs } from "node:util";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { writeFileInFolder } from "../../../lib/files/write_file.ts";
import { compositeAlpha } from "../../../lib/image/composite_alpha.ts";
import { drawText, shortenText, TEXT_HEIGHT } from "../../../lib/image/draw_text.ts";
import { encodePng } from "../../../lib/image/encode_png.ts";
import { enlargementFactor, enlargeNearest } from "../../../lib/image/enlarge_nearest.ts";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { Image, type ImageSize, type Rgb } from "../../../lib/image/image.ts";
import { pictureGrid, projectPicture } from "../../../lib/initialization/project_picture.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { keyColor } from "../../../lib/palette/transparent_class.ts";

const HELP = `Shows cut-out pictures of runs beside the samples that they were cut from.

  deno run --allow-read --allow-write=workdir \\
    tests/bench/transparency/show_cut_outs.ts <folder of several runs> [options]

  --output file.png   the sheets; a number is added (default: workdir/cut_outs.png)
  --recut             show what today's code cuts out of the same samples
  --samples           the same with all samples, not only the chosen ones

It prints the names of pictures that --recut changes.
`;

const OPTIONS = {
  "output": { type: "string", default: "workdir/cut_outs.png" },
  "recut": { type: "boolean", default: false },
  "samples": { type: "boolean", default: false },
  "help": { type: "boolean", short: "h", default: false },
} as const;

const MAGENTA: Rgb = [255, 0, 255];
const GREEN: Rgb = [60, 200, 60];
const GRAY: Rgb = [40, 40, 48];
const WHITE: Rgb = [255, 255, 255];

// All in pixels.
const CELL = 128;
const GAP = 6;
const ACROSS = 3;
const DOWN = 8;
const ROW = CELL + TEXT_HEIGHT + 2 * GAP;

/** A cut-out picture, and where it comes from. */
interface CutOutRun {
  readonly prompt: string;
  readonly sample: Image;
  /** With alpha, at its own size. */
  readonly picture: Image;
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [folder] = positionals;
  if (values.help || folder === undefined) return print(HELP);
  const runs: CutOutRun[] = [];
  for (const name of await runFolders(folder)) {
    const path = `${folder}/${name}`;
    if (values.samples) runs.push(...await recutSamples(path));
    else runs.push(await readRun(path, values.recut));
  }
  const perSheet = ACROSS * DOWN;
  for (let first = 0; first < runs.length; first += perSheet) {
    const sheet = drawSheet(runs.slice(first, first + perSheet), first + 1);
    const path = values.output.replace(/\.png$/, `_${first / perSheet + 1}.png`);
    await writeFileInFolder(path, encodePng(sheet));
    print(path);
  }
}

async function runFolders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory && /^\d+-/.test(entry.name)) names.push(entry.name);
  }
  return names.sort();
}

/** Reads a run's picture, or cuts it out of its sample again. */
async function readRun(folder: string, isRecut: boolean): Promise<CutOutRun> {
  const { prompt, recut } = await readPrompt(folder);
  const sample = await readPng(`${folder}/select_sample.png`);
  const kept = await readPng(`${folder}/final_argmax.png`);
  if (!isRecut) return { prompt, sample, picture: kept };
  const picture = recut(sample);
  if (!isEqual(picture, kept)) print(prompt);
  return { prompt, sample, picture };
}

async function recutSamples(folder: string): Promise<CutOutRun[]> {
  const { prompt, recut } = await readPrompt(folder);
  const runs: CutOutRun[] = [];
  for await (const { name } of Deno.readDir(`${folder}/sd_samples`)) {
    const sample = await readPng(`${folder}/sd_samples/${name}`);
    runs.push({ prompt: `${prompt} ${name}`, sample, picture: recut(sample) });
  }
  return runs.sort((a, b) => a.prompt < b.prompt ? -1 : 1);
}

async function readPrompt(
  folder: string,
): Promise<{ prompt: string; recut: (sample: Image) => Image }> {
  const { prompt, palette, config } = JSON.parse(
    await Deno.readTextFile(`${folder}/picture.json`),
  );
  const colors = palette.colors.flatMap((hex: string) => [...Uint8Array.fromHex(hex)]);
  const own = new Palette(palette.name, Uint8Array.from(colors));
  const { image_H: height, image_W: width } = config.generator;
  const recut = (sample: Image) => cutAgain(sample, own, { height, width });
  return { prompt: prompt.replace(" on a transparent background", ""), recut };
}

/** Cuts a sample out as `draft` does it. */
function cutAgain(sample: Image, palette: Palette, { height, width }: ImageSize): Image {
  const { generator } = resolveRunConfig({
    preset: "draft",
    generator: { imageH: height, imageW: width, transparent: true },
  });
  const picture = projectPicture(sample, pictureGrid(generator, palette));
  const key = keyColor(palette);
  for (let i = 0; i < picture.data.length; i += 4) {
    if (key.every((value, c) => picture.data[i + c] === value)) picture.data[i + 3] = 0;
  }
  return picture;
}

/** Tells whether two pictures are alike; the color of transparent pixels does not count. */
function isEqual(a: Image, b: Image): boolean {
  return a.data.every((value, j) => {
    const alpha = j - j % 4 + 3;
    return a.data[alpha] === b.data[alpha] && (a.data[alpha] === 0 || value === b.data[j]);
  });
}

function drawSheet(runs: readonly CutOutRun[], first: number): Image {
  const sheet = Image.filled({
    height: Math.ceil(runs.length / ACROSS) * ROW + GAP,
    width: ACROSS * (3 * CELL + 2 * GAP) + GAP,
  }, GRAY);
  for (const [i, { prompt, sample, picture }] of runs.entries()) {
    const x = GAP + i % ACROSS * (3 * CELL + 2 * GAP);
    const y = GAP + Math.floor(i / ACROSS) * ROW;
    const shown = [sample, compositeAlpha(picture, MAGENTA), compositeAlpha(picture, GREEN)];
    for (const [column, image] of shown.entries()) {
      const large = enlargeNearest(image, enlargementFactor(image, CELL));
      paste(sheet, large, x + column * CELL, y);
    }
    const text = shortenText(`${first + i} ${prompt}`, 3 * CELL);
    drawText(sheet, text, { x, y: y + CELL + GAP / 2, color: WHITE });
  }
  return sheet;
}

function paste(sheet: Image, image: Image, x: number, y: number): void {
  for (let row = 0; row < image.height; row++) {
    const line = image.data.subarray(row * image.width * 4, (row + 1) * image.width * 4);
    sheet.data.set(line, ((y + row) * sheet.width + x) * 4);
  }
}

async function readPng(path: string): Promise<Image> {
  return await decodeImage(await Deno.readFile(path), { name: basename(path) });
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) await main(Deno.args);
