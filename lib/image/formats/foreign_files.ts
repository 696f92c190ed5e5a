import { hasBytes } from "../byte_view.ts";

/** Other files, by their first bytes at an offset. */
const FOREIGN: readonly (readonly [offset: number, start: string, name: string])[] = [
  [0, "8BPS", "a Photoshop file"],
  [0, "gimp xcf", "a GIMP file (XCF)"],
  [0, "%PDF", "a PDF file"],
  [0, "PK\x03\x04", "a ZIP file, as Krita's and OpenRaster's are"],
  [0, "<svg", "an SVG file"],
  [0, "qoif", "a QOI image"],
  [0, "\xff\x0a", "a JPEG XL image"],
  [0, "\0\0\0\x0cJXL ", "a JPEG XL image"],
  [0, "\0\0\0\x0cjP  ", "a JPEG 2000 image"],
  [0, "\0\0\x01\0", "an icon (ICO)"],
  [4, "\xe0\xa5", "an Aseprite file"],
  [0, "<!DOCTYPE", "HTML"],
  [0, "<html", "HTML"],
  [4, "ftypavif", "an AVIF image"],
  [4, "ftypavis", "an AVIF image"],
  [4, "ftyphei", "a HEIC image"],
  [4, "ftyphev", "a HEIC image"],
  [4, "ftypmif1", "a HEIC image"],
  [4, "ftypmsf1", "a HEIC image"],
  [4, "ftyp", "an MP4 file"],
];

/** Names a file that is no known image by its bytes, for an error; undefined if unknown. */
export function nameForeignFile(bytes: Uint8Array): string | undefined {
  const found = FOREIGN.find(([offset, start]) => hasBytes(bytes, offset, start));
  if (found !== undefined) return found[2];
  const end = new TextDecoder().decode(bytes.subarray(-26));
  if (end.startsWith("TRUEVISION-XFILE.\0", 8) || isTargaHeader(bytes)) return "a TGA image";
  const isText = bytes.subarray(0, 256).every((b) => b >= 32 || b === 9 || b === 10 || b === 13);
  if (!isText) return undefined;
  const start = new TextDecoder().decode(bytes.subarray(0, 256));
  return start.includes("<svg") ? "an SVG file" : "text";
}

/** TGA has no signature: its kind, color table and depth must fit together. */
function isTargaHeader(bytes: Uint8Array): boolean {
  const [, hasTable, kind] = bytes;
  const isKind = [1, 2, 3, 9, 10, 11].includes(kind!) && hasTable === (kind! % 8 === 1 ? 1 : 0);
  return isKind && bytes.length > 18 && [8, 15, 16, 24, 32].includes(bytes[16]!);
}
