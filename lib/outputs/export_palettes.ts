import { join } from "node:path";
import { writeFileInFolder } from "../files/write_file.ts";
import type { Palette } from "../palette/palette.ts";
import { freeName } from "../text/free_name.ts";
import { PALETTE_FORMATS } from "../palette/formats/palette_formats.ts";
import type { PaletteFormat } from "../palette/palette_format.ts";

/** A format that can be written. */
export type PaletteFileFormat = PaletteFormat & {
  readonly write: NonNullable<PaletteFormat["write"]>;
};

/** The formats in which palettes are written. */
export const PALETTE_FILE_FORMATS: readonly PaletteFileFormat[] = PALETTE_FORMATS.filter(
  (format): format is PaletteFileFormat => format.write !== undefined,
);

/** Returns the short name of a format: its extension without the dot. */
export function formatName({ extensions: [extension] }: PaletteFormat): string {
  return extension!.slice(1);
}

/**
 * Writes each palette in each format, as `<palette>.<extension>`. Of several palettes of one name,
 * the later ones get a number.
 *
 * All files are composed before the first is written.
 *
 * @param folder Where the files go; it is made.
 * @returns The paths.
 * @throws {RangeError} If a format cannot hold a palette.
 * @throws {OutputError} If a file cannot be written.
 */
export async function exportPalettes(
  palettes: readonly Palette[],
  folder: string,
  formats: readonly PaletteFileFormat[],
): Promise<string[]> {
  const names = new Set<string>();
  const files = palettes.flatMap((palette) => {
    const name = freeName(palette.name, names);
    return formats.map((format) => ({
      path: join(folder, `${name}.${formatName(format)}`),
      content: format.write(palette),
    }));
  });
  for (const { path, content } of files) await writeFileInFolder(path, content);
  return files.map(({ path }) => path);
}
