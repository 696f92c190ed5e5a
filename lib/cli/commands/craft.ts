import { join } from "node:path";
import { type Craft, CraftError, CRAFTS, withBoard } from "../../craft/craft.ts";
import { checkSize, createPattern } from "../../craft/create_pattern.ts";
import { encodePattern } from "../../craft/formats/craft_formats.ts";
import type { IndexedPicture } from "../../finish/indexed_picture.ts";
import { leftOf, makeEasier } from "../../craft/make_easier.ts";
import { measureMaking, nameLooseParts } from "../../craft/makeable.ts";
import { MAX_INVENTORY_BYTES, parseInventory } from "../../craft/inventory.ts";
import { matchMaterials } from "../../craft/match_materials.ts";
import { type PaperName, PAPERS } from "../../craft/pdf_canvas.ts";
import { readFile } from "../../files/read_file.ts";
import { writeFileInFolder } from "../../files/write_file.ts";
import { findPalette } from "../../palette/formats/find_palette.ts";
import type { Palette } from "../../palette/palette.ts";
import { readPaletteFile } from "../../palette/palette_file.ts";
import type { Terminal } from "../../report/terminal.ts";
import { defined } from "../../text/defined.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { UsageError } from "../flags/flag.ts";
import { parseCount } from "../flags/parse_values.ts";
import { readPictures } from "./read_pictures.ts";

const MAX_FABRIC_COUNT = 40;
const MAX_COLORS = 256;
const MAX_BOARD = 58;

/**
 * Writes a pattern for a craft: a paged PDF, a chart, a shopping list, and what its programs read:
 * OXS for cross-stitch, LDraw and a list of BrickLink for bricks, and for embroidery the files of
 * machines.
 *
 * All files are composed before the first is written.
 *
 * @param kind Name of the craft.
 * @param source A run's folder or an image file.
 */
export async function craftCommand(
  kind: string,
  source: string,
  flags: FlagsOf<"craft">,
  { out, status }: { readonly out: Terminal; readonly status: Terminal },
): Promise<void> {
  const craft = readBoard(flags.board, readCraft(kind));
  const paper = readPaper(flags.paper);
  const fabricCount = readFabricCount(flags.fabricCount, craft);
  const maxColors = flags.maxColors === undefined
    ? undefined
    : parseCount(flags.maxColors, "--max-colors", MAX_COLORS);
  const materials = await findPalette(flags.palette ?? craft.palette, readPaletteFile);
  const [{ name, picture }] = await readPictures([source]) as [
    Awaited<ReturnType<typeof readPictures>>[number],
  ];
  checkSize(picture);
  const inventory = await readInventory(flags, materials);
  const matched = matchMaterials(picture, materials, defined({ maxColors, inventory }));
  for (const note of matched.notes) status.write(`note: ${note}\n`);
  const picked = easierPicture(craft, matched.picture, { inventory, flags, status });
  const pattern = createPattern(craft, picked, {
    title: name,
    fabricCount,
    ...defined({ inventory, underlay: readUnderlay(flags.underlay, craft) }),
  });
  const folder = flags.output ?? join("workdir", "crafts");
  for (const { ending, content } of await encodePattern(pattern, { paper })) {
    const path = join(folder, `${name}_${craft.name}${ending}`);
    await writeFileInFolder(path, content);
    out.write(`${path}\n`);
  }
}

async function readInventory(
  { inventory, maxColors }: FlagsOf<"craft">,
  materials: Palette,
): Promise<number[] | undefined> {
  if (inventory === undefined) return undefined;
  if (maxColors !== undefined) {
    throw new UsageError("Cannot craft: expected --inventory or --max-colors, got both");
  }
  const bytes = await readFile(inventory, { maxBytes: MAX_INVENTORY_BYTES });
  return parseInventory(new TextDecoder().decode(bytes), inventory, materials);
}

function readCraft(typed: string): Craft {
  const craft = CRAFTS.find(({ name }) => name === typed.toLowerCase().replaceAll("_", "-"));
  if (craft !== undefined) return craft;
  const names = CRAFTS.map(({ name }) => name).join(", ").replace(/, ([^,]*)$/, " or $1");
  throw new UsageError(`Cannot craft: expected ${names}, got "${typed}"`);
}

function readPaper(typed: string = "a4"): PaperName {
  const names = Object.keys(PAPERS) as PaperName[];
  const paper = names.find((name) => name === typed.toLowerCase());
  if (paper !== undefined) return paper;
  throw new UsageError(`Cannot craft: expected ${names.join(" or ")} for --paper, got "${typed}"`);
}

/** Tells how hard a picture is to make, and with `--makeable` makes it easier. */
function easierPicture(
  craft: Craft,
  picture: IndexedPicture,
  { inventory, flags, status }: {
    readonly inventory: readonly number[] | undefined;
    readonly flags: FlagsOf<"craft">;
    readonly status: Terminal;
  },
): IndexedPicture {
  const left = inventory === undefined ? undefined : leftOf(inventory, picture);
  const easier = flags.makeable ? makeEasier(craft.name, picture, left) : picture;
  const before = measureMaking(craft, picture);
  const after = easier === picture ? before : measureMaking(craft, easier);
  const numbers = after.map(({ name, value, min }, i) => {
    const bound = min === undefined
      ? ""
      : min === value
      ? " (no layout has fewer)"
      : ` (no layout has fewer than ${min})`;
    return flags.makeable
      ? `${name} ${before[i]!.value} -> ${value}${bound}`
      : `${name} ${value}${bound}`;
  });
  const changed = picture.indices.filter((index, i) => easier.indices[i] !== index).length;
  const changes = flags.makeable ? `; ${changed} cells changed` : "";
  status.write(`note: to make: ${numbers.join(", ")}${changes}\n`);
  const loose = craft.name === "beads" ? nameLooseParts(easier) : [];
  if (loose.length > 0) status.write(`note: loose parts: ${loose.join("; ")}\n`);
  return easier;
}

function readBoard(typed: string | undefined, craft: Craft): Craft {
  if (typed === undefined) return craft;
  const length = parseCount(typed, "--board", MAX_BOARD);
  try {
    return withBoard(craft, length);
  } catch (error) {
    throw error instanceof CraftError ? new UsageError(error.message) : error;
  }
}

function readUnderlay(typed: true | undefined, craft: Craft): true | undefined {
  if (typed === undefined || craft.name === "embroidery") return typed;
  throw new UsageError(`Cannot craft ${craft.name}: --underlay is for embroidery only`);
}

function readFabricCount(typed: string | undefined, craft: Craft): number {
  if (typed === undefined) return 14;
  if (craft.isTrueScale) {
    throw new UsageError(`Cannot craft ${craft.name}: expected no --fabric-count without a fabric`);
  }
  return parseCount(typed, "--fabric-count", MAX_FABRIC_COUNT);
}
