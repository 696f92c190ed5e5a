import type { PatternColor } from "../craft.ts";
import type { StitchFormat } from "../stitch_format.ts";
import { boundsOf, type StitchCommand, type StitchPoint } from "../stitches.ts";

const PRODUCER = "Produced by Smalti";
/** Bytes for "rayon, weight 40". */
const RAYON_40 = [5, 40];
/** Steps of a tenth of a millimeter in the headers, which count micrometers. */
const MICRO = 100;
const SHORT = 127;

/**
 * Pfaff and Husqvarna Viking: big-endian blocks that begin with their length, one for each thread,
 * with its exact color.
 *
 * Source: https://edutechwiki.unige.ch/en/Embroidery_format_VP3.
 */
export const VP3: StitchFormat = {
  ending: ".vp3",
  encode: (hoop) => {
    const { left, top, right, bottom } = boundsOf(hoop);
    const center = { x: Math.round((left + right) / 2), y: Math.round((top + bottom) / 2) };
    const halfWidth = Math.ceil((right - left) / 2);
    const halfHeight = Math.ceil((bottom - top) / 2);
    let at: StitchPoint = { x: 0, y: 0 };
    const blocks = hoop.blocks.map(({ thread, commands }) => {
      const start = at;
      const stitches = stitchBytes(commands, start);
      at = stitches.end;
      return block(5, [
        ...micro(start.x - center.x, center.y - start.y),
        ...threadBytes(thread),
        ...micro(at.x - start.x, start.y - at.y),
        ...block(1, [0x0a, 0xf6, 0, ...stitches.bytes]),
        0,
      ]);
    });
    const design = block(3, [
      ...micro(center.x, -center.y),
      ...[0, 0, 0],
      ...micro(-halfWidth, halfWidth, -halfHeight, halfHeight, right - left, bottom - top),
      ...utf16(""),
      ...[100, 100],
      // A matrix that changes nothing.
      ...[4096, 0, 0, 4096].flatMap(int32),
      ...ascii("xxPP\x01\0"),
      ...utf16(PRODUCER),
      ...int16(blocks.length),
      ...blocks.flat(),
    ]);
    const count = hoop.blocks.reduce((sum, { commands }) => sum + commands.length, 0);
    return Uint8Array.from([
      ...ascii("%vsm%\0"),
      ...utf16(PRODUCER),
      ...block(2, [
        ...utf16(""),
        ...micro(right, -top, left, -bottom),
        ...int32(count),
        ...[0, blocks.length, 12, 0, 1],
        ...design,
      ]),
    ]);
  },
};

function threadBytes({ color, material }: PatternColor): number[] {
  return [
    ...[1, 0],
    ...color,
    ...[0, 0, 0],
    ...RAYON_40,
    ...utf8(material.code),
    ...utf8(material.name),
    ...utf8(""),
  ];
}

/** Short stitches are two signed bytes, y down; longer moves are stitches, which machines skip. */
function stitchBytes(commands: readonly StitchCommand[], start: StitchPoint) {
  const bytes: number[] = [];
  let at = start;
  for (const command of commands) {
    if (command.kind === "trim") bytes.push(0x80, 3);
    // A stitch follows each jump at its end: the move to it says both.
    if (command.kind !== "stitch") continue;
    const [dx, dy] = [command.x - at.x, command.y - at.y];
    if (Math.max(Math.abs(dx), Math.abs(dy)) <= SHORT) bytes.push(dx & 255, dy & 255);
    else bytes.push(0x80, 1, ...int16(dx), ...int16(dy), 0x80, 2);
    at = command;
  }
  return { bytes, end: at };
}

/** A block: its number, its length without this head, and its content. */
function block(number: number, content: readonly number[]): number[] {
  return [0, number, 0, ...int32(content.length), ...content];
}

function micro(...values: readonly number[]): number[] {
  return values.flatMap((value) => int32(value * MICRO));
}

function int16(value: number): number[] {
  return [value >> 8 & 255, value & 255];
}

function int32(value: number): number[] {
  return [...int16(value >> 16), ...int16(value)];
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function utf8(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...int16(bytes.length), ...bytes];
}

function utf16(text: string): number[] {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return [...int16(2 * units.length), ...units.flatMap(int16)];
}
