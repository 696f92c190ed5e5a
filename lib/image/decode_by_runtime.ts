import { decodePng } from "./decode_png.ts";
import type { Image, ImageSize } from "./image.ts";

/**
 * Decodes an image with the runtime's `createImageBitmap`, which applies EXIF orientation.
 *
 * An ImageBitmap does not give access to its pixels, so a canvas writes it as PNG, without loss.
 *
 * @param colorSpaceConversion Whether an embedded color profile is converted to sRGB ("default").
 * @param size Size to which the image is resized, before its orientation is applied. Default: none.
 */
export async function decodeByRuntime(
  bytes: Uint8Array,
  colorSpaceConversion: "default" | "none" = "default",
  size?: ImageSize,
): Promise<Image> {
  const blob = new Blob([Uint8Array.from(bytes)]);
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion,
    ...size && { resizeHeight: size.height, resizeWidth: size.width, resizeQuality: "medium" },
  });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
  const png = await canvas.convertToBlob({ type: "image/png" });
  return decodePng(new Uint8Array(await png.arrayBuffer())).image;
}

/**
 * Decodes like {@linkcode decodeByRuntime}; if a color profile cannot be used, decodes without it.
 *
 * @returns The image, and a note if the profile was left out.
 */
export async function decodeWithProfile(
  bytes: Uint8Array,
  size?: ImageSize,
): Promise<{ image: Image; notes: string[] }> {
  try {
    return { image: await decodeByRuntime(bytes, "default", size), notes: [] };
  } catch (error) {
    // A second failure means that the pixels are damaged, not the profile.
    const image = await decodeByRuntime(bytes, "none", size).catch(() => Promise.reject(error));
    return { image, notes: ["its color profile cannot be used and is ignored"] };
  }
}
