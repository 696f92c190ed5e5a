/**
 * Returns a name that is not taken yet, with a number behind it if needed, and takes it.
 *
 * @param taken Names in lower case: they are compared without case, as file systems do.
 */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 2; taken.has(free.toLowerCase()); i++) free = `${name}-${i}`;
  taken.add(free.toLowerCase());
  return free;
}
