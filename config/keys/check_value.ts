import type { KeySpec } from "./key_spec.ts";

/** An interval of numbers. An open bound is not itself in it. */
export interface Interval {
  readonly min: number;
  readonly max: number;
  readonly isMinOpen: boolean;
  readonly isMaxOpen: boolean;
}

/** Reads the range of a key, such as "(0, 10]". */
export function parseRange(range: string): Interval {
  const [, open, min, max, close] = /^([[(])(\S+), (\S+)([\])])$/.exec(range)!;
  return {
    min: Number(min),
    max: Number(max),
    isMinOpen: open === "(",
    isMaxOpen: close === ")",
  };
}

/** Lists the words that a key allows, if it has choices. */
export function wordsOf({ choices = [] }: KeySpec): readonly string[] {
  return Array.isArray(choices) ? choices : Object.keys(choices);
}

/** Tells whether a value is a text, which is taken letter by letter: a prompt "1e3" stays one. */
export function isText(key: KeySpec): boolean {
  return !isList(key) && key.range === undefined && !isSwitch(key);
}

/** Tells whether a value is true or false. */
export function isSwitch(key: KeySpec): boolean {
  return key.isSwitch === true || typeof key.default === "boolean";
}

/** Tells whether a value is read from its digits: as a number it may not be exact. */
export function isLongInteger({ integer }: KeySpec): boolean {
  return integer === "64-bit";
}

/** Tells whether a value is a list. */
export function isList(key: KeySpec): boolean {
  return key.isList === true || Array.isArray(key.default);
}

/** Describes what a key allows, such as "a number in (0, 10]". */
export function describeExpected(key: KeySpec): string {
  const expected = isList(key) ? `a list, each ${describeOne(key)}` : describeOne(key);
  return expected + (key.null === undefined ? "" : ", or null");
}

function describeOne(key: KeySpec): string {
  if (key.choices !== undefined) {
    const words = `one of ${wordsOf(key).map((word) => `"${word}"`).join(", ")}`;
    return key.isPath ? `${words}, or owner/name, a folder or a URL` : words;
  }
  if (key.range !== undefined) return `${numberKind(key)} in ${key.range}`;
  return isSwitch(key) ? "true or false" : "a text";
}

function numberKind({ integer }: KeySpec): string {
  return integer === "odd" ? "an odd integer" : integer ? "an integer" : "a number";
}

/** Words for true and false in YAML 1.1, which SD-piXL's parser reads. */
const SWITCHES: ReadonlyMap<unknown, boolean> = new Map([
  ["yes", true],
  ["no", false],
  ["on", true],
  ["off", false],
]);

/**
 * Reads a value of a key. One value alone is a list of one.
 *
 * @returns The value to use; undefined if the key does not allow it.
 */
export function readValue(key: KeySpec, value: unknown): unknown {
  if (!isList(key)) return readOne(key, value);
  if (value === null) return key.null === undefined ? [] : null;
  const items = [value].flat().map((item) =>
    key.null !== undefined && item === null
      ? undefined
      : readOne(key, isIndex(key, item) ? `${item}` : item)
  );
  return items.includes(undefined) ? undefined : items;
}

/** Tells whether an item of a list of texts is an index that is written as a number. */
function isIndex({ range }: KeySpec, item: unknown): item is number {
  return range === undefined && Number.isSafeInteger(item) && (item as number) >= 0;
}

/** Reads a value, or an item of a list. */
export function readOne(key: KeySpec, value: unknown): unknown {
  if (value === null && key.null !== undefined) return null;
  if (isLongInteger(key)) return readLongInteger(value);
  if (key.range !== undefined) return readNumber(key, key.range, value);
  if (isSwitch(key)) {
    if (typeof value === "string") return SWITCHES.get(value.toLowerCase());
    return typeof value === "boolean" ? value : undefined;
  }
  if (key.choices === undefined && value === null) return "";
  if (typeof value !== "string") return undefined;
  const isAllowed = key.choices === undefined || wordsOf(key).includes(value) ||
    (key.isPath === true && isLocation(value));
  return isAllowed ? value : undefined;
}

/** Tells a location from a word: it contains a slash. */
export function isLocation(value: string): boolean {
  return /[\\/]/.test(value);
}

/** Reads an integer of 64 bits: a number if it is exact as one, else a bigint. */
function readLongInteger(value: unknown): number | bigint | undefined {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
  const digits = String(value).trim().replaceAll("_", "");
  if (!["number", "bigint", "string"].includes(typeof value)) return undefined;
  if (!/^\+?\d+$/.test(digits)) {
    // Such as "1e3" of YAML.
    const number = digits === "" ? NaN : Number(digits);
    return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
  }
  const found = BigInt(digits.replace("+", ""));
  if (found >= 2n ** 64n) return undefined;
  return found <= Number.MAX_SAFE_INTEGER ? Number(found) : found;
}

function readNumber({ integer }: KeySpec, range: string, value: unknown): number | undefined {
  const found = toNumber(value);
  if (found === undefined || (integer && !Number.isInteger(found))) return undefined;
  if (integer === "odd" && found % 2 === 0) return undefined;
  const { min, max, isMinOpen, isMaxOpen } = parseRange(range);
  const isInside = (isMinOpen ? found > min : found >= min) &&
    (isMaxOpen ? found < max : found <= max);
  return isInside ? found : undefined;
}

/** SD-piXL writes "10_001", which YAML 1.2 takes for a text. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[+-]?\d+(_\d+)*(\.\d+(_\d+)*)?$/.test(value)) {
    return undefined;
  }
  return Number(value.replaceAll("_", ""));
}
