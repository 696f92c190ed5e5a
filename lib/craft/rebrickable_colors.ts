/**
 * Rebrickable's colors by LDraw's codes, where the numbers differ. All other solid colors have
 * LDraw's number there. LDraw's 326 is Yellowish Green, Rebrickable's 326 is Olive Green.
 *
 * Source: `colors.csv` of https://rebrickable.com/downloads/ as of 2025, matched by name, or where
 * the names differ (123, 180, 371, 10015) by the same RGB. LDraw's 368 is LEGO's 368, Vibrant
 * Yellow.
 */
// deno-fmt-ignore -- a table
const REBRICKABLE_COLORS: ReadonlyMap<number, number> = new Map([
  [123, 1068], [128, 1067], [180, 1066], [218, 1007], [220, 1093], [225, 1091], [326, 158],
  [330, 326], [353, 1050], [368, 1062], [370, 1088], [371, 1089], [402, 1136], [422, 1137],
  [423, 1138], [424, 1145], [508, 1064], [509, 1012], [510, 1077], [10015, 1076],
]);

/** LDraw's codes of solid colors for which Rebrickable has none. */
const UNKNOWN: ReadonlySet<number> = new Set([121, 213, 219, 295, 10017, 10022]);

/** Rebrickable's number of "[No Color/Any Color]". */
const ANY_COLOR = 9999;

/** Returns Rebrickable's number of a solid color of LDraw; 9999, any color, if it has none. */
export function rebrickableColor(ldraw: number): number {
  return UNKNOWN.has(ldraw) ? ANY_COLOR : REBRICKABLE_COLORS.get(ldraw) ?? ldraw;
}
