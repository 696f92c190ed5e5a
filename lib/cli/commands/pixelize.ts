import { extname, join, parse } from "node:path";
import { isFolder, listFiles } from "../../files/list_files.ts";
import { OutputError } from "../../files/output_error.ts";
import type { IndexedPicture } from "../../finish/indexed_picture.ts";
import { DITHER_PATTERNS } from "../../finish/threshold_maps.ts";
import { ImageError } from "../../image/formats/decode_image.ts";
import { IMAGE_FORMATS } from "../../image/formats/image_formats.ts";
import { writeIndexedPicture } from "../../outputs/indexed_picture_files.ts";
import { parseCssColor } from "../../text/css_colors.ts";
import { COLOR_DISTANCES } from "../../palette/color_metric.ts";
import { findPalette } from "../../palette/formats/find_palette.ts";
import { createPaletteReader } from "../../hub/lospec.ts";
import { pixelize, PixelizeError, type PixelizeOptions } from "../../pixelize/pixelize.ts";
import type { Terminal } from "../../report/terminal.ts";
import { defined } from "../../text/defined.ts";
import { freeName } from "../../text/free_name.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { parseCount, parseSize } from "../flags/parse_values.ts";
import { UsageError } from "../flags/flag.ts";
import { readImage } from "./read_image.ts";

type PixelizeFlags = FlagsOf<"pixelize">;

const MAX_LENGTH = 1024;
const MAX_SCALE = 64;
/** The colors of an indexed PNG. */
const MAX_COLORS = 256;
const FITS = ["crop", "fit", "pad"] as const;

/**
 * Turns images into pixel art, without a teacher.
 *
 * All flags are checked before the first image is read.
 *
 * @param sources Image files, and folders, of which all images are taken.
 * @returns The exit code: 1 if one of several images was left out.
 */
export async function pixelizeCommand(
  sources: readonly string[],
  flags: PixelizeFlags,
  { out, status }: { readonly out: Terminal; readonly status: Terminal },
): Promise<number> {
  if (sources.length === 0) throw new UsageError("Cannot pixelize: expected an image or a folder");
  const options = await readOptions(flags);
  const scale = flags.scale === undefined
    ? undefined
    : parseCount(flags.scale, "--scale", MAX_SCALE);
  const folder = flags.output ?? join("workdir", "pixelized");
  const files = await findImages(sources);
  const names = new Set<string>();
  let failures = 0;
  for (const file of files) {
    try {
      const picture = await pixelizeFile(file, options, (note) => status.write(`note: ${note}\n`));
      const name = freeName(parse(file).name, names);
      const written = await writeIndexedPicture(folder, name, picture, scale);
      out.write(written.map((path) => `${path}\n`).join(""));
    } catch (error) {
      // One broken image of many leaves the others as they are.
      const isOfImage = error instanceof ImageError || error instanceof PixelizeError;
      if (files.length === 1 || !isOfImage) throw error;
      failures++;
      status.write(`left out: ${file}: ${error.message}\n`);
    }
  }
  return failures === 0 ? 0 : 1;
}

async function pixelizeFile(
  file: string,
  options: PixelizeOptions,
  onNote: (note: string) => void,
): Promise<IndexedPicture> {
  const { picture, notes } = pixelize(await readImage(file, onNote), options);
  for (const note of notes) onNote(`${file}: ${note}`);
  return picture;
}

async function readOptions(flags: PixelizeFlags): Promise<PixelizeOptions> {
  if (flags.palette !== undefined && flags.colors !== undefined) {
    throw new UsageError("Cannot pixelize: expected --palette or --colors, got both");
  }
  const palette = flags.palette === undefined
    ? flags.colors && parseCount(flags.colors, "--colors", MAX_COLORS)
    : await findPalette(
      flags.palette,
      createPaletteReader({ download: flags.download ?? false }),
    );
  return {
    detect: flags.detect ?? false,
    removesOrphans: flags.removeOrphans ?? false,
    antialias: !(flags.noAntialias ?? false),
    ...defined({
      palette: palette === "" ? undefined : palette,
      size: readSize(flags.size),
      fit: flags.fit === undefined ? undefined : oneOf(FITS, flags.fit, "--fit"),
      distance: flags.distance === undefined
        ? undefined
        : oneOf(COLOR_DISTANCES, flags.distance, "--distance"),
      background: readBackground(flags.background),
      dither: readDither(flags),
      outline: readOutline(flags.outline),
    }),
  };
}

function readSize(typed: string | undefined): PixelizeOptions["size"] {
  if (typed === undefined) return undefined;
  const [height, width] = parseSize(typed, "--size");
  for (const length of [height, width]) {
    if (length >= 1 && length <= MAX_LENGTH) continue;
    throw new UsageError(
      `Cannot pixelize: expected height and width from 1 to ${MAX_LENGTH} for --size, got "${typed}"`,
    );
  }
  return { height, width };
}

function readDither(
  { dither, ditherStrength }: PixelizeFlags,
): PixelizeOptions["dither"] {
  const pattern = oneOf(["none", ...DITHER_PATTERNS], dither ?? "none", "--dither");
  if (pattern === "none") {
    if (ditherStrength === undefined) return undefined;
    throw new UsageError("Cannot pixelize: expected --dither with --dither-strength");
  }
  const strength = Number(ditherStrength ?? 1);
  if (strength >= 0 && strength <= 1) return { pattern, strength };
  throw new UsageError(
    `Cannot pixelize: expected a number from 0 to 1 for --dither-strength, got "${ditherStrength}"`,
  );
}

function readBackground(typed: string | undefined): string | undefined {
  const isKnown = typed === undefined || typed === "auto" || /^\d{1,5}$/.test(typed) ||
    parseCssColor(typed) !== undefined;
  if (isKnown) return typed;
  throw new UsageError(
    "Cannot pixelize: expected auto, a color such as #1a1c2c or white, or an index of the palette " +
      `for --background, got "${typed}"`,
  );
}

function readOutline(typed: string | undefined): PixelizeOptions["outline"] {
  if (typed === undefined || typed === "auto") return typed;
  const color = parseCssColor(typed);
  if (color !== undefined) return color;
  throw new UsageError(
    `Cannot pixelize: expected auto or a color such as #1a1c2c or black for --outline, got "${typed}"`,
  );
}

function oneOf<Name extends string>(names: readonly Name[], typed: string, flag: string): Name {
  const name = names.find((one) => one === typed);
  if (name !== undefined) return name;
  const expected = names.join(", ");
  throw new UsageError(`Cannot pixelize: expected one of ${expected} for ${flag}, got "${typed}"`);
}

async function findImages(sources: readonly string[]): Promise<string[]> {
  const extensions = IMAGE_FORMATS.flatMap((format) => format.extensions);
  const isImage = (name: string) => extensions.includes(extname(name).toLowerCase());
  const files: string[] = [];
  for (const source of sources) {
    if (!await isFolder(source)) {
      files.push(source);
      continue;
    }
    const found = await listFiles(source, isImage);
    if (found.length === 0) {
      throw new OutputError("read", source, `there are no ${extensions.join(", ")} files in it`);
    }
    files.push(...found);
  }
  return files;
}
