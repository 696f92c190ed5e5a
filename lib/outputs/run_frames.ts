import { join } from "node:path";
import { decodeImage } from "../image/formats/decode_image.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { PNG } from "../image/formats/png.ts";
import { readPngChunks } from "../image/png_chunks.ts";
import { reduceSquares } from "../image/reduce_squares.ts";
import { Palette } from "../palette/palette.ts";
import { listCheckpoints } from "./checkpoint_file.ts";
import { listFolder } from "../files/list_files.ts";
import { readFile } from "../files/read_file.ts";
import { OutputError } from "../files/output_error.ts";

/** A file with a picture of a run. */
export interface RunFrame {
  /** Path of the file. */
  readonly path: string;
  /** Step after which it was written; undefined for the final picture. */
  readonly step: number | undefined;
}

/** The intermediate pictures of a run, from the first step to the last. */
export interface RunFrames {
  /** Pictures in palette colors. */
  readonly hard: readonly RunFrame[];
  /** Mixtures. */
  readonly soft: readonly RunFrame[];
}

/**
 * Lists the intermediate pictures of a run, `png_logs/<step>_hard.png` and `_soft.png`, and behind
 * them the final ones, `final_argmax.png` and `final_softmax.png`.
 *
 * The final ones are left out if the run was resumed after them and kept later pictures.
 *
 * @returns No frames if the run kept no intermediate pictures.
 * @throws {OutputError} If the folder cannot be read.
 */
export async function listRunFrames(folder: string): Promise<RunFrames> {
  const names = await namesIn(folder);
  const logs = names.includes("png_logs") ? await namesIn(join(folder, "png_logs")) : [];
  const endStep = (await listCheckpoints(folder)).at(-1)?.step ?? Infinity;
  const framesOf = (kind: "hard" | "soft", end: string): RunFrame[] => {
    const intermediate = logs.flatMap((name) => {
      const [, step, found] = /^(\d+)_(hard|soft)\.png$/.exec(name) ?? [];
      return found === kind ? [{ path: join(folder, "png_logs", name), step: Number(step) }] : [];
    }).sort((a, b) => a.step - b.step);
    const hasEnd = names.includes(end) && intermediate.every(({ step }) => step <= endStep);
    if (intermediate.length === 0 || !hasEnd) return intermediate;
    // A run that was stopped may also have kept a picture of its last step.
    const before = intermediate.filter(({ step }) => step < endStep);
    return [...before, { path: join(folder, end), step: undefined }];
  };
  return {
    hard: framesOf("hard", "final_argmax.png"),
    soft: framesOf("soft", "final_softmax.png"),
  };
}

/**
 * Reads a frame and undoes its enlargement.
 *
 * @param size Size of the run's picture.
 * @throws {OutputError} If it cannot be read, or is not an enlargement of `size` by an integer.
 * @throws {ImageError} If it is no image.
 */
export async function readRunFrame(path: string, size: ImageSize): Promise<Image> {
  const image = await decodeImage(await readFile(path), { name: path });
  try {
    return reduceSquares(image, size);
  } catch (cause) {
    throw new OutputError("make a video of", path, (cause as Error).message, cause);
  }
}

/**
 * Reads the palette of an indexed PNG, in its order, without a transparent entry at its end.
 *
 * @returns undefined if the file is in true color.
 * @throws {OutputError} If it cannot be read.
 * @throws {ImageError} If it is no image.
 */
export async function readFramePalette(path: string): Promise<FramePalette | undefined> {
  const bytes = await readFile(path);
  await decodeImage(bytes, { name: path });
  if (!PNG.sniff(bytes)) return undefined;
  const chunks = [...readPngChunks(bytes)];
  const colors = chunks.find(({ type }) => type === "PLTE")?.data;
  const isIndexed = chunks.find(({ type }) => type === "IHDR")?.data[9] === 3;
  if (colors === undefined || !isIndexed) return undefined;
  const hasTransparentIndex = chunks.find(({ type }) => type === "tRNS")
        ?.data[colors.length / 3 - 1] === 0 && colors.length > 3;
  const shown = hasTransparentIndex ? colors.subarray(0, -3) : colors;
  return { palette: new Palette(path, Uint8Array.from(shown)), hasTransparentIndex };
}

/** The palette of a picture of a run. */
export interface FramePalette {
  /** The colors. */
  readonly palette: Palette;
  /** Whether the file has a transparent entry behind them. */
  readonly hasTransparentIndex: boolean;
}

/**
 * Returns the palette index of each pixel, the first one of equal colors; K for transparent ones.
 *
 * @param path Path of the image, for the error.
 * @returns Shape [H, W].
 * @throws {OutputError} If a color is not in the palette.
 */
export function indicesOf(path: string, image: Image, palette: Palette): Uint32Array {
  const indexOf = new Map<number, number>();
  for (let i = palette.size - 1; i >= 0; i--) indexOf.set(packed(palette.colors, i * 3), i);
  return Uint32Array.from({ length: image.height * image.width }, (_, i) => {
    if (image.data[i * 4 + 3] === 0) return palette.size;
    const index = indexOf.get(packed(image.data, i * 4));
    if (index !== undefined) return index;
    const hex = packed(image.data, i * 4).toString(16).padStart(6, "0");
    const found = `expected the colors of "${palette.name}", got #${hex}`;
    throw new OutputError("make a video of", path, found);
  });
}

function packed(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await listFolder(folder)).map(({ name }) => name);
}
