import { decodeWithProfile } from "../decode_by_runtime.ts";
import type { Image, ImageSize } from "../image.ts";
import { hasBytes } from "../byte_view.ts";
import type { ImageFormat } from "../image_format.ts";
import { END_OF_IMAGE, readJpeg } from "../jpeg_markers.ts";

/** JPEG, decoded by the runtime. */
export const JPEG: ImageFormat = {
  name: "JPEG",
  extensions: [".jpg", ".jpeg"],
  sniff: (bytes) => hasBytes(bytes, 0, "\xff\xd8\xff"),
  sizes: (bytes) => readJpeg(bytes).sizes,
  canHalve: true,
  decode: async (bytes, maxPixels) => {
    const { end, hasEnd, sizes } = readJpeg(bytes);
    const [size] = sizes;
    if (size === undefined) throw new SyntaxError("it has no frame header");
    const half = size.height * size.width > maxPixels ? halfOf(size) : undefined;
    // Phones append videos, which decoders would search for markers.
    const { image, notes } = await decodeWithProfile(bytes.subarray(0, end), half);
    if (half) notes.push(`it is read at half its size, as ${image.height}x${image.width} pixels`);
    if (hasEnd) return { image, notes };
    if (!await isComplete(bytes, image, half)) throw new RangeError("it ends early");
    return { image, notes: [...notes, "its end marker is missing"] };
  },
};

/** Returns half a size, rounded up. */
function halfOf({ height, width }: ImageSize): ImageSize {
  return { height: Math.ceil(height / 2), width: Math.ceil(width / 2) };
}

/**
 * Returns whether a file without end marker has all its pixels: decoders fill the rest with gray.
 *
 * Bits behind the last pixel are ignored, so that they change an incomplete image only.
 */
async function isComplete(
  bytes: Uint8Array,
  image: Image,
  size: ImageSize | undefined,
): Promise<boolean> {
  const padding = new Uint8Array(4096).fill(0xa5);
  const longer = new Uint8Array(bytes.length + padding.length + 2);
  longer.set(bytes);
  longer.set([...padding, 0xff, END_OF_IMAGE], bytes.length);
  const other = await decodeWithProfile(longer, size);
  return image.data.every((value, i) => value === other.image.data[i]);
}
