import { ByteWriter } from "../../sprite/formats/byte_writer.ts";
import { type Move, movesOf, shortTitle, type StitchFormat } from "../stitch_format.ts";
import { boundsOf, countStitches } from "../stitches.ts";

const HEADER_BYTES = 512;
/** The most that five balanced ternary digits hold: 1 + 3 + 9 + 27 + 81. */
const LIMIT = 121;

/** Bits of the last byte of a record. */
const CONTROL = { stitch: 0x03, jump: 0x83, color: 0xc3, end: 0xf3 } as const;

/** Where the bits of a digit are: its byte, and the bit for +1 and for -1. */
type Digit = readonly [byte: number, plus: number, minus: number];
const X_DIGITS: readonly Digit[] = [[0, 0, 1], [1, 0, 1], [0, 2, 3], [1, 2, 3], [2, 2, 3]];
const Y_DIGITS: readonly Digit[] = [[0, 7, 6], [1, 7, 6], [0, 5, 4], [1, 5, 4], [2, 5, 4]];

/**
 * Tajima: relative moves in balanced ternary, y up. It has no colors, and three jumps that end
 * where they began cut the thread.
 *
 * Source: https://edutechwiki.unige.ch/en/Embroidery_format_DST.
 */
export const DST: StitchFormat = {
  ending: ".dst",
  encode: (hoop, title) => {
    const { left, top, right, bottom } = boundsOf(hoop);
    const moves = movesOf(hoop, LIMIT);
    const records = moves.flatMap((list, i) => [
      ...(i === 0 ? [] : [record(0, 0, CONTROL.color)]),
      ...list.flatMap((move) => move === "trim" ? TRIM : [moveRecord(move)]),
    ]);
    records.push(record(0, 0, CONTROL.end));
    const end = { x: 0, y: 0 };
    for (const move of moves.flat()) {
      if (move === "trim") continue;
      end.x += move.dx;
      end.y -= move.dy;
    }
    const number = (value: number, length: number) => `${value}`.padStart(length);
    const signed = (value: number) => `${value < 0 ? "-" : "+"}${number(Math.abs(value), 5)}`;
    const header = [
      `LA:${shortTitle(title, 16).padEnd(16)}`,
      `ST:${number(countStitches(hoop.blocks).stitches, 7)}`,
      `CO:${number(hoop.blocks.length - 1, 3)}`,
      `+X:${number(Math.max(0, right), 5)}`,
      `-X:${number(Math.max(0, -left), 5)}`,
      `+Y:${number(Math.max(0, -top), 5)}`,
      `-Y:${number(Math.max(0, bottom), 5)}`,
      `AX:${signed(end.x)}`,
      `AY:${signed(end.y)}`,
      `MX:${signed(0)}`,
      `MY:${signed(0)}`,
      "PD:******",
      "\x1a",
    ].join("\r").padEnd(HEADER_BYTES);
    return new ByteWriter().bytes(new TextEncoder().encode(header), ...records).toBytes();
  },
};

function moveRecord({ isStitch, dx, dy }: Move): number[] {
  return record(dx, -dy, isStitch ? CONTROL.stitch : CONTROL.jump);
}

const TRIM: readonly number[][] = [[2, 2], [-4, -4], [2, 2]].map(([x, y]) =>
  record(x!, y!, CONTROL.jump)
);

/** A record of three bytes; `x` and `y` are at most 121, y up. */
function record(x: number, y: number, control: number): number[] {
  const bytes = [0, 0, control];
  for (const [value, digits] of [[x, X_DIGITS], [y, Y_DIGITS]] as const) {
    let rest = value;
    for (const [byte, plus, minus] of digits) {
      // The balanced ternary digit of a number is its rest by three, from -1 to 1.
      const digit = ((rest + 1) % 3 + 3) % 3 - 1;
      rest = (rest - digit) / 3;
      if (digit !== 0) bytes[byte]! |= 1 << (digit > 0 ? plus : minus);
    }
  }
  return bytes;
}
