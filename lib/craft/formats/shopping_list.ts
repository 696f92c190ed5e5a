import { writeCsv } from "../../text/csv.ts";
import type { CraftFormat } from "../craft_format.ts";
import { threadNeed } from "../thread_length.ts";

/**
 * The materials with their counts as CSV; for threads also meters in the needle and skeins, and
 * with an inventory what is left of it.
 */
export const SHOPPING_LIST: CraftFormat = {
  ending: "_materials.csv",
  encode: ({ craft, colors, picture, fabricCount, inventory }) => {
    const isThread = craft.name === "cross-stitch";
    const rows = colors.map(({ index, material, count }) => {
      const row = [material.code, material.name, picture.palette.hexAt(index), count];
      const { meters, skeins } = threadNeed(count, fabricCount);
      if (isThread) row.push(meters.toFixed(2), skeins);
      if (inventory !== undefined) row.push(inventory[index]! - count);
      return row;
    });
    const header = ["code", "name", "hex", "count"];
    if (isThread) header.push("meters", "skeins");
    if (inventory !== undefined) header.push("left");
    return writeCsv([header, ...rows]);
  },
};
