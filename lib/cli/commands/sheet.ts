import { basename, join, parse } from "node:path";
import { writeFileInFolder } from "../../files/write_file.ts";
import type { Terminal } from "../../report/terminal.ts";
import { encodeIndexedPicture } from "../../sprite/formats/png_sprite.ts";
import { packSheet, sheetJson } from "../../sprite/sheet.ts";
import { tilesetJson } from "../../sprite/tileset.ts";
import { defined } from "../../text/defined.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { parseCount } from "../flags/parse_values.ts";
import { UsageError } from "../flags/flag.ts";
import { readPictures } from "./read_pictures.ts";

const MAX_COLUMNS = 1024;
const MAX_PADDING = 64;
const MAX_FACTOR = 64;

/**
 * Packs finished pictures on one sheet, with a JSON file that tells where they lie.
 *
 * @param sources Folders of runs, and image files.
 */
export async function sheetCommand(
  sources: readonly string[],
  flags: FlagsOf<"sheet">,
  { out }: { readonly out: Terminal },
): Promise<void> {
  if (sources.length === 0) throw new UsageError("Cannot pack sheet: expected runs or images");
  const path = flags.output ?? join("workdir", "sheet.png");
  if (!/\.png$/i.test(path)) {
    throw new UsageError(`Cannot pack sheet: expected a .png file for --output, got "${path}"`);
  }
  const factor = flags.scale === undefined ? 1 : parseCount(flags.scale, "--scale", MAX_FACTOR);
  const columns = flags.columns === undefined
    ? undefined
    : parseCount(flags.columns, "--columns", MAX_COLUMNS);
  const options = defined({ columns, padding: readPadding(flags.padding) });
  const sheet = packSheet(await readPictures(sources), options);
  const json = path.replace(/\.png$/i, ".json");
  const tileset = path.replace(/\.png$/i, ".tsj");
  const tiles = flags.tileset &&
    tilesetJson(sheet, { name: parse(path).name, image: basename(path), factor, ...options });
  await writeFileInFolder(path, encodeIndexedPicture(sheet.picture, factor));
  await writeFileInFolder(json, sheetJson(sheet, { image: basename(path), factor }));
  if (tiles) await writeFileInFolder(tileset, tiles);
  out.write([path, json, ...tiles ? [tileset] : []].map((file) => `${file}\n`).join(""));
}

function readPadding(typed: string | undefined): number | undefined {
  if (typed === undefined || typed === "0") return undefined;
  return parseCount(typed, "--padding", MAX_PADDING);
}
