import { BRICKLINK_COLORS } from "../bricklink_colors.ts";
import type { CraftFormat } from "../craft_format.ts";
import { escapeXml } from "../xml_text.ts";

/**
 * A wanted list of BrickLink: each plate with its color and quantity. A color that BrickLink's
 * table lacks here is named in the remarks only.
 *
 * Source: https://www.bricklink.com/help.asp?helpID=207.
 */
export const BRICKLINK: CraftFormat = {
  ending: "_bricklink.xml",
  crafts: ["bricks"],
  encode: (pattern) => {
    const counts = new Map<string, number>();
    for (const { part, index } of pattern.plates!.plates) {
      const key = `${part} ${index}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const items = [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([key, quantity]) => {
      const [part, index] = key.split(" ");
      const { code, name } = pattern.picture.palette.materialAt(Number(index));
      const color = BRICKLINK_COLORS.get(Number(code));
      return [
        `<ITEM><ITEMTYPE>P</ITEMTYPE><ITEMID>${part}</ITEMID>`,
        color === undefined ? "" : `<COLOR>${color}</COLOR>`,
        `<MINQTY>${quantity}</MINQTY><REMARKS>${escapeXml(name)}</REMARKS></ITEM>`,
      ].join("");
    });
    return ["<INVENTORY>", ...items, "</INVENTORY>", ""].join("\n");
  },
};
