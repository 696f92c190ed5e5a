import { writeCsv } from "../../text/csv.ts";
import type { CraftFormat } from "../craft_format.ts";
import { threadNeed } from "../thread_length.ts";

/** The materials with their counts as CSV; for threads also meters in the needle and skeins. */
export const SHOPPING_LIST: CraftFormat = {
  ending: "_materials.csv",
  encode: ({ craft, colors, picture, fabricCount }) => {
    const isThread = craft.name === "cross-stitch";
    const rows = colors.map(({ index, material, count }) => {
      const row = [material.code, material.name, picture.palette.hexAt(index), count];
      if (!isThread) return row;
      const { meters, skeins } = threadNeed(count, fabricCount);
      return [...row, meters.toFixed(2), skeins];
    });
    const header = ["code", "name", "hex", "count", ...isThread ? ["meters", "skeins"] : []];
    return writeCsv([header, ...rows]);
  },
};
