import { join } from "node:path";
import { encodePng } from "../image/encode_png.ts";
import { builtInPalettes } from "../palette/built_in_palettes.ts";
import { type ColorOrder, colorOrder } from "../palette/color_order.ts";
import { findCreditedPalette } from "../palette/find_palette.ts";
import { previewWarnings } from "../palette/near_colors.ts";
import { MAX_PALETTE_BYTES, PaletteError } from "../palette/palette_format.ts";
import { isPaletteFile, PALETTE_EXTENSIONS } from "../palette/palette_formats.ts";
import { palettePage } from "../palette/preview_page.ts";
import { paletteSheet, type SheetEntry } from "../palette/preview_sheet.ts";
import { readFileIfThere } from "../files/read_file.ts";
import { OutputError } from "../files/output_error.ts";
import { writeFileInFolder } from "../files/write_file.ts";

/** Options of {@linkcode previewPalettes}. */
export interface PreviewOptions {
  /** Where the PNG sheet goes; its folder is made. Default: workdir/palettes.png. */
  readonly sheet?: string;
  /** Order of the swatches. Default: that of each palette. */
  readonly order?: ColorOrder;
  /** Where an HTML page goes. Default: none is written. */
  readonly page?: string;
}

/** What {@linkcode previewPalettes} found and wrote. */
export interface PalettePreview {
  /** The palettes, in the order of the sheet. */
  readonly entries: readonly SheetEntry[];
  /** Why files of a folder are not among them, one sentence each. */
  readonly problems: readonly string[];
  /** Paths of the sheet and, if asked for, of the page. */
  readonly files: readonly string[];
}

/**
 * Collects palettes and draws them on one PNG sheet, and if asked for on one HTML page.
 *
 * @param sources Built-in names, palette files and folders, which are searched to any depth. None
 * means all built-in palettes.
 * @throws {OutputError} If a source cannot be read or the sheet cannot be written.
 * @throws {PaletteError} If a file that was named itself is no palette.
 */
export async function previewPalettes(
  sources: readonly string[],
  options: PreviewOptions = {},
): Promise<PalettePreview> {
  const { sheet = join("workdir", "palettes.png"), order = "none", page } = options;
  const problems: string[] = [];
  const found = sources.length === 0
    ? builtInPalettes().map(({ credit, load }) => ({ palette: load(), note: credit }))
    : await collect(sources, problems);
  const entries = found.map((entry) => ({
    ...entry,
    warnings: previewWarnings(entry.palette),
    order: colorOrder(entry.palette, order),
  }));
  await writeFileInFolder(sheet, encodePng(paletteSheet(entries)));
  if (page !== undefined) await writeFileInFolder(page, palettePage(entries));
  return { entries, problems, files: [sheet, ...page === undefined ? [] : [page]] };
}

/** A palette and a line on where it is from. */
type Noted = Pick<SheetEntry, "palette" | "note">;

async function collect(sources: readonly string[], problems: string[]): Promise<Noted[]> {
  const found: Noted[] = [];
  for (const source of sources) {
    if (!await isFolder(source)) {
      found.push(await find(source));
      continue;
    }
    const files = await listPaletteFiles(source);
    if (files.length === 0) {
      throw new OutputError(
        "preview",
        source,
        `there are no ${PALETTE_EXTENSIONS.join(" or ")} files in it`,
      );
    }
    for (const file of files) {
      try {
        found.push(await find(file));
      } catch (error) {
        if (!(error instanceof PaletteError || error instanceof OutputError)) throw error;
        problems.push(error.message);
      }
    }
  }
  return found;
}

/** A built-in palette is noted with its credit, a file with its path. */
async function find(source: string): Promise<Noted> {
  const { palette, credit } = await findCreditedPalette(source, readPaletteFile);
  return { palette, note: credit ?? source };
}

/** Reads a palette file, for {@linkcode findPalette}; undefined if there is no such file. */
export async function readPaletteFile(path: string): Promise<Uint8Array | undefined> {
  return await readFileIfThere(path, { maxBytes: MAX_PALETTE_BYTES });
}

/** Lists the palette files of a folder and all folders in it, in order of their names. */
async function listPaletteFiles(folder: string): Promise<string[]> {
  const entries: Deno.DirEntry[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) entries.push(entry);
  } catch (cause) {
    throw OutputError.from("read", folder, cause);
  }
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => COLLATOR.compare(a.name, b.name))) {
    const path = join(folder, entry.name);
    // Links to folders are not followed, so that none is walked forever.
    if (entry.isDirectory) files.push(...await listPaletteFiles(path));
    else if (isPaletteFile(entry.name)) files.push(path);
  }
  return files;
}

/** "3_3_3" before "10_10_10". */
const COLLATOR = new Intl.Collator("en", { numeric: true });

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    // A built-in name, or something that reading it as a file will explain.
    return false;
  }
}
