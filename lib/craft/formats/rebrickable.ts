import { writeCsv } from "../../text/csv.ts";
import type { CraftFormat } from "../craft_format.ts";
import { rebrickableColor } from "../rebrickable_colors.ts";

/**
 * A parts list of Rebrickable: each plate with its color and quantity.
 *
 * Source: https://rebrickable.com/help/import-set-csv/.
 */
export const REBRICKABLE: CraftFormat = {
  ending: "_rebrickable.csv",
  crafts: ["bricks"],
  encode: ({ picture, plates }) => {
    const counts = new Map<string, number>();
    for (const { part, index } of plates!.plates) {
      const key = `${part},${rebrickableColor(Number(picture.palette.materialAt(index).code))}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const rows = [...counts].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, quantity]) => [...key.split(","), quantity]);
    return writeCsv([["Part", "Color", "Quantity"], ...rows]);
  },
};
