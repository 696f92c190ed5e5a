import { builtInPalettes } from "../../palette/formats/built_in_palettes.ts";
import { ByteWriter } from "../../sprite/formats/byte_writer.ts";
import { nearestThreads } from "../nearest_threads.ts";
import { movesOf, shortTitle } from "../stitch_format.ts";
import { boundsOf, type Hoop, type StitchBounds, type ThreadBlock } from "../stitches.ts";

/** The icons that a machine shows, in pixels. */
const ICON = { width: 48, height: 38 } as const;
/** The icons stay this far from their edges. */
const ICON_MARGIN = 3;
const HEADER_BYTES = 512;
const LIMIT = 2047;
/** Bits of a long coordinate. */
const LONG = 0x8000;
const JUMP = 0x1000;
const TRIM = 0x2000;

/** The block of a PES file that machines sew. */
export interface PecBlock {
  /** Its content. */
  readonly bytes: Uint8Array;
  /** Number of each thread in the list of Brother's threads, from 1. */
  readonly colors: readonly number[];
}

/**
 * Writes a PEC block: title, colors by their numbers in Brother's list, stitches, icons.
 *
 * Source: https://edutechwiki.unige.ch/en/Embroidery_format_PEC.
 */
export function pecBytes(hoop: Hoop, title: string): PecBlock {
  const brother = builtInPalettes().find(({ name }) => name === "brother")!.load();
  const indices = nearestThreads(hoop.blocks.map(({ thread }) => thread.color), brother);
  const colors = indices.map((index) => index + 1);
  const header = [
    ...new TextEncoder().encode(`LA:${shortTitle(title, 8).padEnd(16)}\r`),
    ...new Array(12).fill(0x20),
    ...[0xff, 0, ICON.width / 8, ICON.height],
    ...new Array(12).fill(0x20),
    ...[colors.length - 1, ...colors],
  ];
  const bounds = boundsOf(hoop);
  const stitches = stitchBytes(hoop);
  const head = new ByteWriter().bytes([0x31, 0xff, 0xf0])
    .uint16(bounds.right - bounds.left).uint16(bounds.bottom - bounds.top)
    .uint16(0x1e0).uint16(0x1b0).toBytes();
  // The length of the block with its own five bytes.
  const length = 5 + head.length + stitches.length;
  const bytes = new ByteWriter()
    .bytes(header, new Array(HEADER_BYTES - header.length).fill(0x20))
    .uint16(0).uint16(length).uint8(length >> 16)
    .bytes(head, stitches)
    .bytes(iconOf(hoop.blocks, bounds), ...hoop.blocks.map((block) => iconOf([block], bounds)))
    .toBytes();
  return { bytes, colors };
}

function stitchBytes(hoop: Hoop): Uint8Array {
  const writer = new ByteWriter();
  for (const [i, moves] of movesOf(hoop, LIMIT).entries()) {
    if (i > 0) writer.bytes([0xfe, 0xb0, i % 2 === 1 ? 2 : 1]);
    let isTrimmed = i > 0;
    for (const move of moves) {
      if (move === "trim") {
        isTrimmed = true;
        continue;
      }
      const flag = move.isStitch ? 0 : isTrimmed ? TRIM : JUMP;
      isTrimmed = false;
      for (const value of [move.dx, move.dy]) {
        if (flag === 0 && value > -64 && value < 63) writer.uint8(value & 127);
        else {
          const code = LONG | flag | value & 0xfff;
          writer.uint8(code >> 8).uint8(code);
        }
      }
    }
  }
  return writer.uint8(0xff).toBytes();
}

/** Draws needle points as an icon of one bit for each pixel, the leftmost in the lowest bit. */
function iconOf(blocks: readonly ThreadBlock[], bounds: StitchBounds): Uint8Array {
  const stride = ICON.width / 8;
  // The first byte stays 0: with the 0xff before it, it ends the stitches.
  const icon = new Uint8Array(stride * ICON.height);
  const scale = Math.min(
    (ICON.width - 2 * ICON_MARGIN - 1) / Math.max(1, bounds.right - bounds.left),
    (ICON.height - 2 * ICON_MARGIN - 1) / Math.max(1, bounds.bottom - bounds.top),
  );
  for (const { commands } of blocks) {
    for (const command of commands) {
      if (command.kind !== "stitch") continue;
      const x = ICON_MARGIN + Math.round((command.x - bounds.left) * scale);
      const y = ICON_MARGIN + Math.round((command.y - bounds.top) * scale);
      icon[y * stride + (x >> 3)]! |= 1 << (x & 7);
    }
  }
  return icon;
}
