import { writeCsv } from "../../text/csv.ts";
import type { CraftFormat } from "../craft_format.ts";
import { threadNeeds } from "../thread_needs.ts";

/**
 * The materials with their counts as CSV; for threads also their lengths, and with an inventory
 * what is left of it.
 */
export const SHOPPING_LIST: CraftFormat = {
  ending: "_materials.csv",
  encode: (pattern) => {
    const { colors, picture, inventory } = pattern;
    const needs = threadNeeds(pattern);
    const rows = colors.map((color) => {
      const { index, material, count } = color;
      const row = [material.code, material.name, picture.palette.hexAt(index), count];
      row.push(...needs.valuesOf(color));
      if (inventory !== undefined) row.push(inventory[index]! - count);
      return row;
    });
    const header = ["code", "name", "hex", "count", ...needs.columns];
    if (inventory !== undefined) header.push("left");
    return writeCsv([header, ...rows]);
  },
};
