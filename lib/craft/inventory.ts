import { parseCsv } from "../text/csv.ts";
import { excerpt } from "../text/visible_text.ts";
import type { Palette } from "../palette/palette.ts";
import { CraftError } from "./craft.ts";

const MAX_COUNT = 1e9;
/** The most bytes of an inventory. */
export const MAX_INVENTORY_BYTES: number = 2 ** 20;

/**
 * Reads an inventory: CSV with the columns `code` and `count`, in any order. Materials that are not
 * named have the count 0.
 *
 * @param name What errors call the file, such as its path.
 * @returns Count of each material, length K.
 * @throws {CraftError} If a column is missing, a code is unknown or named twice, or a count is no
 * whole number.
 */
export function parseInventory(text: string, name: string, materials: Palette): number[] {
  const fail = (found: string): never => {
    throw new CraftError(`Cannot read inventory "${name}": ${found}`);
  };
  const [header, ...rows] = readRows(text, fail);
  const columns = header?.fields.map((field) => field.toLowerCase()) ?? [];
  const [codeColumn, countColumn] = [columns.indexOf("code"), columns.indexOf("count")];
  if (codeColumn < 0 || countColumn < 0) fail("line 1: expected a header with code and count");
  const numbers = new Map(
    Array.from({ length: materials.size }, (_, m) => [materials.materialAt(m).code, m]),
  );
  const counts: (number | undefined)[] = new Array(materials.size).fill(undefined);
  for (const { line, fields } of rows) {
    const code = fields[codeColumn] ?? "";
    const typed = fields[countColumn] ?? "";
    const m = numbers.get(code);
    if (m === undefined) {
      return fail(`line ${line}: expected a code of "${materials.name}", got "${excerpt(code)}"`);
    }
    if (counts[m] !== undefined) fail(`line ${line}: expected each code once, got "${code}" twice`);
    const count = /^\d+$/.test(typed) ? Number(typed) : NaN;
    if (!(count <= MAX_COUNT)) {
      fail(`line ${line}: expected a count from 0 to ${MAX_COUNT}, got "${excerpt(typed)}"`);
    }
    counts[m] = count;
  }
  return counts.map((count) => count ?? 0);
}

function readRows(text: string, fail: (found: string) => never) {
  try {
    return parseCsv(text);
  } catch (error) {
    if (error instanceof SyntaxError) return fail(error.message);
    throw error;
  }
}
