/** The values without `undefined`: keys whose value may be undefined become optional. */
export type Defined<T extends object> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/**
 * Returns the values that are not undefined, for optional properties: `{ ...defined({ signal }) }`.
 *
 * With TypeScript's `exactOptionalPropertyTypes`, an optional property does not take undefined.
 */
export function defined<T extends object>(values: T): Defined<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
