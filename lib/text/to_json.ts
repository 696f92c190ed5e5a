/** Writes a value as JSON; integers that a number cannot hold become texts of their digits. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, one) => typeof one === "bigint" ? String(one) : one, indent);
}
