/** What a key of a config may hold. */
export interface Field {
  /** What is expected, such as "a number in (0, 10]". */
  readonly expected: string;
  /** What the key means, for the JSON schema. */
  readonly description: string;
  /** The same in JSON schema's words. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Words that it may be, for "did you mean". */
  readonly words?: readonly string[];
  /** What each item of a list may hold. */
  readonly item?: Field;
  /** Whether a plain scalar is taken letter by letter, so that a prompt "1e3" stays one. */
  readonly isText: boolean;
  /** Returns the value to use, or undefined if it does not fit. */
  read(value: unknown): unknown;
  /** Why the value changes nothing; undefined if it has its meaning. */
  note?(value: unknown): string | undefined;
}

/** Bounds of a number. An open bound is not itself allowed. */
interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly openMin?: boolean;
  readonly openMax?: boolean;
}

/** Makes a field for a number within bounds. */
export function number(description: string, bounds: Bounds): Field {
  return numeric(description, bounds, false);
}

/** Makes a field for an integer from `min` to `max`, both allowed. */
export function integer(description: string, min: number, max: number): Field {
  return numeric(description, { min, max }, true);
}

/** Makes a field for an odd integer from `min` to `max`, both odd and allowed. */
export function odd(description: string, min: number, max: number): Field {
  const field = integer(description, min, max);
  return {
    ...field,
    expected: `an odd integer in [${min}, ${max}]`,
    json: { ...field.json, not: { multipleOf: 2 } },
    read(value) {
      const found = field.read(value) as number | undefined;
      return found === undefined || found % 2 === 0 ? undefined : found;
    },
  };
}

function numeric(description: string, bounds: Bounds, isInteger: boolean): Field {
  const { min, max, openMin = false, openMax = false } = bounds;
  const interval = `${openMin ? "(" : "["}${min}, ${max}${openMax ? ")" : "]"}`;
  return {
    expected: `${isInteger ? "an integer" : "a number"} in ${interval}`,
    description,
    json: {
      type: isInteger ? "integer" : "number",
      [openMin ? "exclusiveMinimum" : "minimum"]: min,
      [openMax ? "exclusiveMaximum" : "maximum"]: max,
    },
    isText: false,
    read(value) {
      const found = toNumber(value);
      if (found === undefined || (isInteger && !Number.isInteger(found))) return undefined;
      const isInside = (openMin ? found > min : found >= min) &&
        (openMax ? found < max : found <= max);
      return isInside ? found : undefined;
    },
  };
}

/** SD-piXL writes "10_001", which YAML 1.2 takes for a text. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[+-]?\d+(_\d+)*(\.\d+(_\d+)*)?$/.test(value)) {
    return undefined;
  }
  return Number(value.replaceAll("_", ""));
}

/** Words for true and false in YAML 1.1, which SD-piXL's parser reads. */
const SWITCHES: ReadonlyMap<unknown, boolean> = new Map([
  ["yes", true],
  ["no", false],
  ["on", true],
  ["off", false],
]);

/** Makes a field for true or false. */
export function flag(description: string): Field {
  return {
    expected: "true or false",
    description,
    json: { type: "boolean" },
    words: ["true", "false"],
    isText: false,
    read(value) {
      if (typeof value === "string") return SWITCHES.get(value.toLowerCase());
      return typeof value === "boolean" ? value : undefined;
    },
  };
}

/** Makes a field for any text. */
export function text(description: string): Field {
  return {
    expected: "a text",
    description,
    json: { type: "string" },
    isText: true,
    read: (value) => value === null ? "" : typeof value === "string" ? value : undefined,
  };
}

/** Makes a field for one of some words. */
export function choice(description: string, words: readonly string[]): Field {
  return {
    expected: `one of ${words.map((word) => `"${word}"`).join(", ")}`,
    description,
    json: { enum: words },
    words,
    isText: true,
    read: (value) => typeof value === "string" && words.includes(value) ? value : undefined,
  };
}

/** Makes a field for one of some words, or for a place, which is written with a slash. */
export function choiceOrPlace(description: string, words: readonly string[]): Field {
  const field = choice(description, words);
  return {
    ...field,
    expected: `${field.expected}, or owner/name, a folder or a URL`,
    json: { anyOf: [field.json, { type: "string", pattern: "[\\\\/]" }] },
    read: (value) => typeof value === "string" && /[\\/]/.test(value) ? value : field.read(value),
  };
}

/** Makes a field that may also hold null ("~"). */
export function nullable(field: Field): Field {
  return {
    ...field,
    expected: `${field.expected}, or null`,
    json: { anyOf: [field.json, { type: "null" }] },
    read: (value) => value === null ? null : field.read(value),
  };
}

/** Makes a field for a list; one value alone is taken for a list of one. */
export function list(field: Field): Field {
  return {
    expected: `a list, each ${field.expected}`,
    description: field.description,
    json: { anyOf: [{ type: "array", items: field.json }, field.json] },
    item: field,
    isText: false,
    read(value) {
      if (value === null) return [];
      const items = (Array.isArray(value) ? value : [value]).map((item) => field.read(item));
      return items.includes(undefined) ? undefined : items;
    },
  };
}

/** Marks a field of SD-piXL that changes nothing here, unless it holds one of some values. */
export function unused(field: Field, why: string, neutral: readonly unknown[] = []): Field {
  return { ...field, note: (value) => neutral.includes(value) ? undefined : why };
}
