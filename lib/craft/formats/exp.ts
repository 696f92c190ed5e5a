import { ByteWriter } from "../../sprite/formats/byte_writer.ts";
import { movesOf, type StitchFormat } from "../stitch_format.ts";

const LIMIT = 127;

/**
 * Melco: pairs of signed bytes, y up; 0x80 begins a command. It has no colors.
 *
 * Source: https://edutechwiki.unige.ch/en/Embroidery_format_EXP.
 */
export const EXP: StitchFormat = {
  ending: ".exp",
  encode: (hoop) => {
    const writer = new ByteWriter();
    for (const [i, moves] of movesOf(hoop, LIMIT).entries()) {
      if (i > 0) writer.bytes([0x80, 0x01, 0, 0]);
      for (const move of moves) {
        if (move === "trim") {
          writer.bytes([0x80, 0x80, 0x07, 0]);
          continue;
        }
        if (!move.isStitch) writer.bytes([0x80, 0x04]);
        writer.uint8(move.dx).uint8(-move.dy);
      }
    }
    return writer.toBytes();
  },
};
