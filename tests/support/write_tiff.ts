/** A tag of a TIFF directory and its values. */
export type TiffTag = readonly [
  tag: number,
  type: "byte" | "short" | "long",
  values: readonly number[],
];

const TYPES = { byte: [1, 1], short: [3, 2], long: [4, 4] } as const;

/**
 * Writes a TIFF file of one page.
 *
 * @param segments Bytes of the strips, or of the tiles if there is a tag of tiles.
 */
export function writeTiff(
  tags: readonly TiffTag[],
  segments: readonly Uint8Array[],
  isLittleEndian = true,
): Uint8Array<ArrayBuffer> {
  const isTiled = tags.some(([tag]) => tag === 322);
  const start = 8 + segments.reduce((sum, segment) => sum + segment.length, 0);
  let offset = 8;
  const offsets = segments.map((segment) => (offset += segment.length) - segment.length);
  const all: TiffTag[] = [
    ...tags,
    [isTiled ? 324 : 273, "long", offsets] as const,
    [isTiled ? 325 : 279, "long", segments.map(({ length }) => length)] as const,
  ].toSorted(([a], [b]) => a - b);
  const bytes = new Uint8Array(start + 6 + all.length * 12 + 2 ** 16);
  const view = new DataView(bytes.buffer);
  bytes.set(isLittleEndian ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, 42, isLittleEndian);
  view.setUint32(4, start, isLittleEndian);
  segments.forEach((segment, i) => bytes.set(segment, offsets[i]!));
  view.setUint16(start, all.length, isLittleEndian);
  let end = start + 6 + all.length * 12;
  all.forEach(([tag, type, values], i) => {
    const [code, byteLength] = TYPES[type];
    const entry = start + 2 + i * 12;
    view.setUint16(entry, tag, isLittleEndian);
    view.setUint16(entry + 2, code, isLittleEndian);
    view.setUint32(entry + 4, values.length, isLittleEndian);
    const isInside = values.length * byteLength <= 4;
    if (!isInside) view.setUint32(entry + 8, end, isLittleEndian);
    const at = isInside ? entry + 8 : end;
    values.forEach((value, k) => {
      if (byteLength === 1) view.setUint8(at + k, value);
      else if (byteLength === 2) view.setUint16(at + k * 2, value, isLittleEndian);
      else view.setUint32(at + k * 4, value, isLittleEndian);
    });
    if (!isInside) end += values.length * byteLength;
  });
  return bytes.slice(0, end);
}
