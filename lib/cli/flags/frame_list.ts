import { extname } from "node:path";

/** Extensions of images; the planner does not load the readers of images that name them. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  ".png",
  ".jpg",
  ".jpeg",
  ".webp",
  ".gif",
  ".bmp",
  ".tif",
  ".tiff",
];

/** Lists the frames of "a; b; c": prompts, or files of images. */
export function splitFrames(typed: string): string[] {
  return typed.split(";").map((item) => item.trim()).filter((item) => item !== "");
}

/** Tells whether a frame is the file of an image, by its extension. */
export function isFrameImage(frame: string): boolean {
  return IMAGE_EXTENSIONS.includes(extname(frame).toLowerCase());
}
