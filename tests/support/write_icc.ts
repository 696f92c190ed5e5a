type Xyz = readonly [number, number, number];

// Primaries of sRGB under D50, as profiles hold them.
const RED: Xyz = [0.4361, 0.2225, 0.0139];
const GREEN: Xyz = [0.3851, 0.7169, 0.0971];
const BLUE: Xyz = [0.1431, 0.0606, 0.7141];

const SRGB_TABLE = Array.from({ length: 1024 }, (_, i) => {
  const value = i / 1023;
  const linear = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  return Math.round(linear * 65535);
});

/**
 * Writes an ICC profile of RGB.
 *
 * @param isSwapped Whether red and green are exchanged, so that its effect is seen.
 * @param kind Gamma 2.2, or the curve of sRGB as a table.
 */
export function writeIcc(
  isSwapped: boolean,
  kind: "gamma" | "srgb" = "gamma",
): Uint8Array<ArrayBuffer> {
  const xyz = (values: Xyz) => {
    const view = new DataView(new ArrayBuffer(20));
    view.setUint32(0, 0x58595a20); // "XYZ "
    values.forEach((value, i) => view.setInt32(8 + i * 4, Math.round(value * 65536)));
    return new Uint8Array(view.buffer);
  };
  const entries = kind === "gamma" ? [Math.round(2.2 * 256)] : SRGB_TABLE;
  const curve = new Uint8Array(12 + Math.ceil(entries.length / 2) * 4);
  new DataView(curve.buffer).setUint32(0, 0x63757276); // "curv"
  new DataView(curve.buffer).setUint32(8, entries.length);
  entries.forEach((value, i) => new DataView(curve.buffer).setUint16(12 + i * 2, value));
  const text = new Uint8Array(100);
  text.set(new TextEncoder().encode("desc"));
  new DataView(text.buffer).setUint32(8, 2);
  text.set([120, 0], 12);
  const copyright = new Uint8Array(12);
  copyright.set(new TextEncoder().encode("text"));
  const tags: [name: string, data: Uint8Array][] = [
    ["desc", text],
    ["cprt", copyright],
    ["wtpt", xyz([0.9642, 1, 0.8249])],
    ["rXYZ", xyz(isSwapped ? GREEN : RED)],
    ["gXYZ", xyz(isSwapped ? RED : GREEN)],
    ["bXYZ", xyz(BLUE)],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
  ];
  const start = 128 + 4 + tags.length * 12;
  const byteLength = tags.reduce((sum, [, data]) => sum + data.length, start);
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  view.setUint32(0, byteLength);
  view.setUint32(8, 0x02100000);
  put(12, "mntrRGB XYZ ");
  put(36, "acsp");
  [0.9642, 1, 0.8249].forEach((value, i) => view.setInt32(68 + i * 4, Math.round(value * 65536)));
  view.setUint32(128, tags.length);
  let offset = start;
  tags.forEach(([name, data], i) => {
    put(132 + i * 12, name);
    view.setUint32(136 + i * 12, offset);
    view.setUint32(140 + i * 12, data.length);
    bytes.set(data, offset);
    offset += data.length;
  });
  return bytes;
}
