import { join } from "node:path";
import { writeFile } from "../files/write_file.ts";
import { hasTransparency, type IndexedPicture } from "../finish/indexed_picture.ts";
import { changedShare, steadyFrames } from "../finish/steady_frames.ts";
import { enlargementFactor } from "../image/enlarge_nearest.ts";
import { ASEPRITE } from "../sprite/formats/aseprite.ts";
import { encodeIndexedPicture } from "../sprite/formats/png_sprite.ts";
import { packSheet, sheetJson } from "../sprite/sheet.ts";
import { VideoWriter } from "../video/formats/video_writer.ts";

/** A frame with its name. */
export interface NamedFrame {
  /** What it shows, such as its prompt; a tag of the animation. */
  readonly name: string;
  /** The picture; all have one size and palette. */
  readonly picture: IndexedPicture;
}

/** Files that were written. */
export interface FrameFiles {
  /** Their paths. */
  readonly files: readonly string[];
  /** Share of pixels that change from frame to frame, in [0, 1]. */
  readonly changed: number;
}

/** Approximate length of the longer side of the GIF in pixels. */
const GIF_LENGTH = 512;

/**
 * Writes frames of one subject, without their flicker, as a sheet with its JSON (`frames.png`,
 * `frames.json`), as `frames.gif` and as `frames.aseprite`; each frame has a tag.
 *
 * @param options.fps Frames a second, integer.
 * @throws {SpriteError} If the frames do not fit together, or a format cannot hold them.
 * @throws {OutputError} If a file cannot be written.
 */
export async function writeFrames(
  folder: string,
  named: readonly NamedFrame[],
  { fps }: { readonly fps: number },
): Promise<FrameFiles> {
  const frames = steadyFrames(named.map(({ picture }) => picture));
  const tags = named.map(({ name }, i) => ({ name, from: i, to: i }));
  const duration = Math.round(1000 / fps);
  const pathOf = (extension: string) => join(folder, `frames.${extension}`);
  const pictures = frames.map((picture, i) => ({ name: `${i + 1} ${named[i]!.name}`, picture }));
  const sheet = packSheet(pictures, { columns: frames.length });
  await writeFile(pathOf("png"), encodeIndexedPicture(sheet.picture));
  await writeFile(pathOf("json"), sheetJson(sheet, { image: "frames.png", duration, tags }));
  await writeFile(pathOf("aseprite"), ASEPRITE.encode({ frames, duration, tags }));
  await writeGif(pathOf("gif"), frames, fps);
  return {
    files: ["png", "json", "aseprite", "gif"].map(pathOf),
    changed: changedShare(frames),
  };
}

async function writeGif(
  path: string,
  frames: readonly IndexedPicture[],
  fps: number,
): Promise<void> {
  const { height, width, palette } = frames[0]!;
  const factor = enlargementFactor({ height, width }, GIF_LENGTH);
  const videoSize = { height: height * factor, width: width * factor };
  const hasTransparentIndex = frames.some(hasTransparency);
  const options = { height, width, palette, videoSize, fps, hasTransparentIndex };
  await using video = await VideoWriter.open(path, options);
  for (const { indices } of frames) await video.add(indices);
  await video.finish();
}
