/** Splits a list with commas between its items; blanks around items and empty items are dropped. */
export function splitList(list: string): string[] {
  return list.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
