/**
 * Writes the embroidery files of pictures, lets pyembroidery read them, and compares what it read
 * with what was meant.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { CRAFTS } from "../../../lib/craft/craft.ts";
import { createPattern } from "../../../lib/craft/create_pattern.ts";
import { encodePattern } from "../../../lib/craft/formats/craft_formats.ts";
import { matchMaterials } from "../../../lib/craft/match_materials.ts";
import { writeFileInFolder } from "../../../lib/files/write_file.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { readPicture } from "../../../lib/sprite/read_picture.ts";

const HELP = `Compares embroidery files with what pyembroidery reads from them.

  PYTHONPATH=<pyembroidery> deno run --allow-read --allow-write=workdir --allow-run=python3 \\
    tests/bench/craft/read_back.ts <picture> ... [options]

  --palette brother   the threads
  --max-colors 12     the most threads of a picture
  --output folder     where the files go (default: workdir/bench/read_back)

It needs python3 and pyembroidery; without them it says so, and compares nothing.
`;

const OPTIONS = {
  palette: { type: "string", default: "brother" },
  "max-colors": { type: "string", default: "12" },
  output: { type: "string", default: "workdir/bench/read_back" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const READER = fileURLToPath(
  new URL("../../fixtures/embroidery/read_stitches.py", import.meta.url),
);
const EMBROIDERY = CRAFTS.find(({ name }) => name === "embroidery")!;
const ENDINGS = [".dst", ".exp", ".pes", ".jef", ".vp3"];
/** A needle point may differ by so many tenths of a millimeter. */
const TOLERANCE = 1;

interface Reading {
  readonly colors: readonly string[];
  readonly blocks: readonly { readonly points: readonly number[]; readonly trims: number }[];
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help || positionals.length === 0) return print(HELP), values.help ? 0 : 2;
  if (!await runsPython("-c", "import pyembroidery")) {
    return print("Skipped: python3 cannot import pyembroidery\n"), 0;
  }
  const palette = await findPalette(values.palette);
  let failed = 0;
  print("| picture | hoop | threads | needle points | largest difference in mm, by format |\n");
  print("| :-- | :-- | --: | --: | :-- |\n");
  for (const path of positionals) {
    const name = path.split("/").at(-1)!.replace(/\.png$/, "");
    const picture = await readPicture(await Deno.readFile(path), path);
    const maxColors = Number(values["max-colors"]);
    const matched = matchMaterials(picture, palette, { maxColors }).picture;
    const pattern = createPattern(EMBROIDERY, matched, { title: name });
    const folder = `${values.output}/${name}`;
    for (const { ending, content } of await encodePattern(pattern, { paper: "a4" })) {
      await writeFileInFolder(`${folder}/${name}${ending}`, content);
    }
    if (!await runsPython(READER, folder)) return print(`Cannot read ${folder}\n`), 1;
    const readings: Record<string, Reading> = JSON.parse(
      await Deno.readTextFile(`${folder}/readings.json`),
    );
    const many = pattern.hoops.length > 1;
    const { rows, columns } = EMBROIDERY.page;
    for (const { tile, blocks } of pattern.hoops) {
      const place = [tile.rows.from / rows + 1, tile.columns.from / columns + 1];
      const meant = blocks.map(({ commands }) =>
        commands.flatMap((command) => command.kind === "stitch" ? [command.x, command.y] : [])
      );
      const hoop = many ? `_hoop_${place.join("_")}` : "";
      const found = ENDINGS.map((ending) => {
        const reading = readings[`${name}${hoop}${ending}`];
        const difference = reading === undefined ? Infinity : differenceOf(reading, meant);
        if (!(difference <= TOLERANCE)) failed++;
        return `${ending} ${(difference / 10).toFixed(3)}`;
      });
      const points = meant.reduce((sum, { length }) => sum + length / 2, 0);
      print(
        `| ${name} | ${place.join(", ")} | ${meant.length} | ${points} | ${found.join(", ")} |\n`,
      );
    }
  }
  print(failed === 0 ? "All agree within 0.1 mm\n" : `${failed} files differ\n`);
  return failed === 0 ? 0 : 1;
}

/** Returns the largest difference in tenths of a millimeter; Infinity if the counts differ. */
function differenceOf({ blocks }: Reading, meant: readonly (readonly number[])[]): number {
  if (blocks.length !== meant.length) return Infinity;
  let largest = 0;
  for (const [i, { points }] of blocks.entries()) {
    if (points.length !== meant[i]!.length) return Infinity;
    for (const [j, value] of points.entries()) {
      largest = Math.max(largest, Math.abs(value - meant[i]![j]!));
    }
  }
  return largest;
}

async function runsPython(...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("python3", { args }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
