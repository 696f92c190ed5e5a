import { builtInPalettes } from "../../palette/formats/built_in_palettes.ts";
import { ByteWriter } from "../../sprite/formats/byte_writer.ts";
import { nearestThreads } from "../nearest_threads.ts";
import { movesOf, type StitchFormat } from "../stitch_format.ts";
import { boundsOf } from "../stitches.ts";

const LIMIT = 127;
const HEADER_BYTES = 116;
/** Hoops by half of their width and height; the second is that of 110 x 110 mm. */
const HOOPS = [[550, 550], [250, 250], [700, 1000], [700, 1000]] as const;
const HOOP_110 = 0;
/** No real time: the same design gives the same bytes. */
const DATE = "20000101000000";

/**
 * Janome: pairs of signed bytes, y up; 0x80 begins a command. Colors are numbers in the list of
 * Janome's threads, the nearest ones here.
 *
 * Source: https://edutechwiki.unige.ch/en/Embroidery_format_JEF.
 */
export const JEF: StitchFormat = {
  ending: ".jef",
  encode: (hoop) => {
    const moves = movesOf(hoop, LIMIT);
    const { left, top, right, bottom } = boundsOf(hoop);
    const [halfWidth, halfHeight] = [
      Math.max(-left, right),
      Math.max(-top, bottom),
    ];
    const points = moves.flat().reduce(
      (sum, move) => sum + (move === "trim" ? 0 : move.isStitch ? 1 : 2),
      1 + 2 * (moves.length - 1),
    );
    const writer = new ByteWriter()
      .uint32(HEADER_BYTES + 8 * moves.length).uint32(0x14)
      .bytes(new TextEncoder().encode(DATE)).zeros(2)
      .uint32(moves.length).uint32(points).uint32(HOOP_110);
    for (const value of [halfWidth, halfHeight, halfWidth, halfHeight]) writer.uint32(value);
    for (const [x, y] of HOOPS) {
      const fits = halfWidth <= x && halfHeight <= y;
      const edges = fits ? [x - halfWidth, y - halfHeight] : [-1, -1];
      for (const edge of [...edges, ...edges]) writer.uint32(edge);
    }
    const janome = builtInPalettes().find(({ name }) => name === "janome")!.load();
    const colors = hoop.blocks.map(({ thread }) => thread.color);
    // The list counts from 1.
    for (const index of nearestThreads(colors, janome)) writer.uint32(index + 1);
    for (let i = 0; i < moves.length; i++) writer.uint32(0x0d);
    for (const [i, list] of moves.entries()) {
      if (i > 0) writer.bytes([0x80, 0x01, 0, 0]);
      for (const move of list) {
        // The machine cuts before longer jumps by itself.
        if (move === "trim") continue;
        if (!move.isStitch) writer.bytes([0x80, 0x02]);
        writer.uint8(move.dx).uint8(-move.dy);
      }
    }
    return writer.bytes([0x80, 0x10]).toBytes();
  },
};
