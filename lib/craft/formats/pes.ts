import { ByteWriter } from "../../sprite/formats/byte_writer.ts";
import type { StitchFormat } from "../stitch_format.ts";
import type { Hoop } from "../stitches.ts";
import { pecBytes } from "./pec.ts";

/** "A custom color" in the list of threads. */
const CUSTOM = 0x0a;

/**
 * Brother, version 6: the threads with their exact colors, and the PEC block that machines sew. It
 * has no objects for editing.
 *
 * Source: https://edutechwiki.unige.ch/en/Embroidery_format_PES.
 */
export const PES: StitchFormat = {
  ending: ".pes",
  encode: (hoop, title) => {
    const header = headerBytes(hoop, title);
    const magic = new TextEncoder().encode("#PES0060");
    const writer = new ByteWriter().bytes(magic).uint32(magic.length + 4 + header.length);
    const { bytes, colors } = pecBytes(hoop, title);
    writer.bytes(header, bytes);
    // The numbers of the colors once more, and an empty record and the color of each thread.
    writer.bytes([colors.length - 1, ...colors], new Array(127 - colors.length).fill(0x20));
    writer.zeros(0x90 * hoop.blocks.length);
    for (const { thread: { color: [red, green, blue] } } of hoop.blocks) {
      writer.uint8(blue).uint8(green).uint8(red);
    }
    return writer.uint16(0).toBytes();
  },
};

function headerBytes({ blocks }: Hoop, title: string): Uint8Array {
  const writer = new ByteWriter();
  // The hoop of 100 x 100 mm.
  writer.uint16(0).bytes(new TextEncoder().encode("02"));
  shortText(writer, title);
  // Category, author, keywords, comments.
  writer.zeros(4);
  // No change of hoops, no custom page, the hoop, the page, its colors, its grid.
  for (const value of [0, 0, 100, 100, 0, 200, 200, 100, 100, 100, 7, 19, 1, 1, 0, 100, 1, 0]) {
    writer.uint16(value);
  }
  // No image; a matrix that changes nothing; no custom fills, motifs or feathers.
  writer.uint8(0);
  const matrix = new DataView(new ArrayBuffer(24));
  matrix.setFloat32(0, 1, true);
  matrix.setFloat32(12, 1, true);
  writer.bytes(new Uint8Array(matrix.buffer)).zeros(6);
  writer.uint16(blocks.length);
  for (const { thread: { color, material } } of blocks) {
    shortText(writer, material.code);
    writer.bytes(color).uint8(0).uint32(CUSTOM);
    shortText(writer, material.name);
    // Brand and chart.
    writer.zeros(2);
  }
  // No objects.
  return writer.uint16(0).zeros(5).uint16(0).uint16(0).toBytes();
}

function shortText(writer: ByteWriter, text: string): void {
  const bytes = new TextEncoder().encode(text.slice(0, 60));
  writer.uint8(bytes.length).bytes(bytes);
}
