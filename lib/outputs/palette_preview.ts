import { basename, join } from "node:path";
import { encodePng } from "../image/encode_png.ts";
import { builtInPalettes } from "../palette/built_in_palettes.ts";
import { findPalette } from "../palette/find_palette.ts";
import { PaletteError } from "../palette/parse_hex.ts";
import { paletteSheet, type SheetEntry } from "../palette/preview_sheet.ts";
import { OutputError } from "./output_error.ts";
import { writeFileInFolder } from "./write_file.ts";

/** What {@linkcode previewPalettes} found and wrote. */
export interface PalettePreview {
  /** The palettes, in the order of the sheet. */
  readonly entries: readonly SheetEntry[];
  /** Why files of a folder are not among them, one sentence each. */
  readonly problems: readonly string[];
  /** Path of the PNG sheet. */
  readonly sheet: string;
}

/**
 * Collects palettes and draws them on one PNG sheet.
 *
 * @param sources Built-in names, .hex files and folders, which are searched to any depth. None
 * means all built-in palettes.
 * @param sheet Where the PNG goes; its folder is made.
 * @throws {OutputError} If a source cannot be read or the sheet cannot be written.
 * @throws {PaletteError} If a file that was named itself is no palette.
 */
export async function previewPalettes(
  sources: readonly string[],
  sheet: string = join("workdir", "palettes.png"),
): Promise<PalettePreview> {
  const entries: SheetEntry[] = [];
  const problems: string[] = [];
  if (sources.length === 0) {
    for (const { credit, load } of builtInPalettes()) {
      entries.push({ palette: load(), note: credit });
    }
  }
  for (const source of sources) {
    if (!await isFolder(source)) {
      entries.push({ palette: await findPalette(source, readPaletteText), note: source });
      continue;
    }
    const files = await listPaletteFiles(source);
    if (files.length === 0) {
      throw new OutputError("preview", source, "there are no .hex files in it");
    }
    for (const file of files) {
      try {
        entries.push({ palette: await findPalette(file, readPaletteText), note: file });
      } catch (error) {
        if (!(error instanceof PaletteError || error instanceof OutputError)) throw error;
        problems.push(error.message);
      }
    }
  }
  await writeFileInFolder(sheet, encodePng(paletteSheet(entries)));
  return { entries, problems, sheet };
}

/**
 * Reads the text of a palette file, for {@linkcode findPalette}.
 *
 * @returns undefined if there is no such file.
 * @throws {OutputError} If it is there and cannot be read.
 */
export async function readPaletteText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw OutputError.from("read", path, cause);
  }
}

/** Lists the .hex files of a folder and all folders in it, in order of their names. */
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
    else if (/\.hex$/i.test(basename(path))) files.push(path);
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
