import { decodePng } from "../decode_png.ts";
import { encodeIndexedPng, encodePng, MAX_INDEXED_COLORS } from "../encode_png.ts";
import { hasBytes, viewOf } from "../byte_view.ts";
import type { ImageFormat } from "../image_format.ts";
import { readExifOrientation } from "../orientation.ts";
import { pngProfile } from "../png_profile.ts";

/** PNG, read and written by our own code: exact, and without the runtime. */
export const PNG: ImageFormat = {
  name: "PNG",
  extensions: [".png"],
  // The first four bytes suffice, so that a file cut within the signature is called truncated.
  sniff: (bytes) => hasBytes(bytes, 0, "\x89PNG"),
  sizes: (bytes) => {
    if (hasBytes(bytes, 12, "CgBI")) {
      throw new SyntaxError("it is a PNG of iOS apps (CgBI), which only Apple's programs read");
    }
    const view = viewOf(bytes);
    return [{ width: view.getUint32(16), height: view.getUint32(20) }];
  },
  decode: (bytes) => {
    const { image, metadata, notes } = decodePng(bytes);
    const exif = metadata.get("eXIf");
    const animation = metadata.get("acTL");
    const color = pngProfile(metadata);
    return {
      image,
      orientation: exif === undefined ? 1 : readExifOrientation(exif),
      profile: color.profile,
      frames: animation?.length === 8 ? viewOf(animation).getUint32(0) : 1,
      notes: [...notes, ...color.notes],
    };
  },
  encoder: {
    maxIndexedColors: MAX_INDEXED_COLORS,
    encode: (image) => encodePng(image),
    encodeIndexed: encodeIndexedPng,
  },
};
