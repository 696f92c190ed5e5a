import { asciiText } from "../../image/draw_text.ts";
import { ByteWriter } from "../../sprite/formats/byte_writer.ts";
import type { StitchFormat } from "../stitch_format.ts";

/**
 * The colors of a DST or EXP file beside it: red, green, blue and 0 for each thread, as Embird and
 * others read them.
 */
export const EDR: StitchFormat = {
  ending: ".edr",
  encode: ({ blocks }) => Uint8Array.from(blocks.flatMap(({ thread: { color } }) => [...color, 0])),
};

/**
 * The same as records with names, as Melco's and Bernina's programs read them: big-endian numbers.
 *
 * Source: the readers of pyembroidery, https://github.com/EmbroidePy/pyembroidery.
 */
export const INF: StitchFormat = {
  ending: ".inf",
  encode: ({ blocks }) => {
    const records = blocks.map(({ thread: { color, material } }, i) => {
      const text = new TextEncoder().encode(
        `${asciiText(material.name)}\0${asciiText(material.code)}\0`,
      );
      const length = 2 + 2 + 3 + 2 + text.length;
      return new ByteWriter().bytes(big16(length), big16(i), color, big16(i + 1), text).toBytes();
    });
    const size = records.reduce((sum, { length }) => sum + length, 0);
    return new ByteWriter()
      .bytes(big32(1), big32(8), big32(4 + size), big32(blocks.length), ...records).toBytes();
  },
};

function big16(value: number): number[] {
  return [value >> 8 & 255, value & 255];
}

function big32(value: number): number[] {
  return [...big16(value >> 16), ...big16(value)];
}
