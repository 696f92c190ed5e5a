import { join } from "node:path";
import { encodePng } from "../image/encode_png.ts";
import { builtInPalettes } from "../palette/formats/built_in_palettes.ts";
import { type ColorOrder, colorOrder } from "../palette/color_order.ts";
import { findCreditedPalette, type ReadBytes } from "../palette/formats/find_palette.ts";
import { previewWarnings } from "../palette/near_colors.ts";
import { readPaletteFile } from "../palette/palette_file.ts";
import { PaletteError } from "../palette/palette_format.ts";
import { isSearchedPaletteFile, SEARCHED_EXTENSIONS } from "../palette/formats/palette_formats.ts";
import { palettePage } from "../palette/preview_page.ts";
import { paletteSheet, type SheetEntry } from "../palette/preview_sheet.ts";
import { isFolder, listFiles } from "../files/list_files.ts";
import { OutputError } from "../files/output_error.ts";
import { writeFileInFolder } from "../files/write_file.ts";

/** Options of {@linkcode previewPalettes}. */
export interface PreviewOptions {
  /** Where the PNG sheet goes; its folder is made. Default: workdir/palettes.png. */
  readonly sheet?: string;
  /** Order of the swatches. Default: that of each palette. */
  readonly order?: ColorOrder;
  /** Reads the files. Default: those of this machine, without palettes of Lospec. */
  readonly readBytes?: ReadBytes;
  /** Where an HTML page goes. Default: none is written. */
  readonly page?: string;
}

/** Result of {@linkcode previewPalettes}. */
export interface PalettePreview {
  /** The palettes, in the order of the sheet. */
  readonly entries: readonly SheetEntry[];
  /** Why files of a folder are not among them, one sentence each. */
  readonly problems: readonly string[];
  /** Paths of the sheet and, if requested, of the page. */
  readonly files: readonly string[];
}

/**
 * Draws palettes on one PNG sheet and, if requested, on one HTML page.
 *
 * @param sources Built-in names, palette files and folders, which are searched to any depth. If
 * there are none, all built-in palettes.
 * @throws {OutputError} If a source cannot be read or the sheet cannot be written.
 * @throws {PaletteError} If a named file is no palette; in folders, such files are problems.
 */
export async function previewPalettes(
  sources: readonly string[],
  options: PreviewOptions = {},
): Promise<PalettePreview> {
  const { sheet = join("workdir", "palettes.png"), order = "none", page } = options;
  const problems: string[] = [];
  const found = sources.length === 0
    ? builtInPalettes().map(({ credit, load }) => ({ palette: load(), note: credit }))
    : await collect(sources, problems, options.readBytes ?? readPaletteFile);
  const entries = found.map((entry) => ({
    ...entry,
    warnings: previewWarnings(entry.palette),
    order: colorOrder(entry.palette, order),
  }));
  await writeFileInFolder(sheet, encodePng(paletteSheet(entries)));
  if (page !== undefined) await writeFileInFolder(page, palettePage(entries));
  return { entries, problems, files: [sheet, ...page === undefined ? [] : [page]] };
}

/** A palette and its source. */
type Noted = Pick<SheetEntry, "palette" | "note">;

async function collect(
  sources: readonly string[],
  problems: string[],
  readBytes: ReadBytes,
): Promise<Noted[]> {
  const found: Noted[] = [];
  for (const source of sources) {
    if (!await isFolder(source)) {
      found.push(await find(source, readBytes));
      continue;
    }
    const files = await listFiles(source, isSearchedPaletteFile);
    if (files.length === 0) {
      throw new OutputError(
        "preview",
        source,
        `there are no ${SEARCHED_EXTENSIONS.join(" or ")} files in it`,
      );
    }
    for (const file of files) {
      try {
        found.push(await find(file, readBytes));
      } catch (error) {
        if (!(error instanceof PaletteError || error instanceof OutputError)) throw error;
        problems.push(error.message);
      }
    }
  }
  return found;
}

/** The source of a built-in palette is its credit, that of a file its path. */
async function find(source: string, readBytes: ReadBytes): Promise<Noted> {
  const { palette, credit } = await findCreditedPalette(source, readBytes);
  return { palette, note: credit ?? source };
}
