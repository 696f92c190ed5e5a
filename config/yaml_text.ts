import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  stringify,
} from "npm:yaml@2.9.1";
import { emptyEnvironment } from "../lib/patches/empty_environment.ts";
import { ConfigError } from "./config_source.ts";

/** A value of a YAML text and its location. */
export interface YamlValue {
  /** "name:line:column" of the value; that of the key if the value is missing. */
  readonly where: string;
  /** The plain value; undefined for a mapping. */
  readonly value?: unknown;
  /** A scalar as typed, without quotes and escapes; undefined for lists and mappings. */
  readonly source?: string;
  /** The entries of a mapping. */
  readonly entries?: readonly YamlEntry[];
}

/** A key of a mapping and its value. */
export interface YamlEntry {
  /** The key. */
  readonly key: string;
  /** "name:line:column" of the key. */
  readonly where: string;
  /** The value. */
  readonly value: YamlValue;
}

/**
 * Parses a YAML text.
 *
 * @param name Name of the text in errors, such as the path of its file.
 * @throws {ConfigError} If it is not YAML, with line and column.
 */
export function parseYaml(source: string, name: string): YamlValue {
  const lineCounter = new LineCounter();
  const document = parseWithoutEnvironment(source.replace(/^\uFEFF/, ""), lineCounter);
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) {
    const { line } = lineCounter.linePos(error.pos[0]);
    const found = shorten(source.split(/\r\n|[\r\n]/)[line - 1] ?? "");
    const problem = explain(error.code, error.message) + (found === "" ? "" : `, got "${found}"`);
    throw new ConfigError(at(error.pos[0]), "", problem);
  }
  return convert(document.contents, at, `${name}:1:1`);
}

/** Writes a plain value as YAML, from which {@linkcode parseYaml} reads the same value. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

function parseWithoutEnvironment(source: string, lineCounter: LineCounter) {
  using _environment = emptyEnvironment();
  return parseDocument(source, { lineCounter, prettyErrors: false });
}

function explain(code: string, message: string): string {
  const found = message.replace(/\.$/, "").replace(/^./, (letter) => letter.toLowerCase());
  const isColon = code === "BLOCK_AS_IMPLICIT_KEY" || code === "MULTILINE_IMPLICIT_KEY";
  if (!isColon) return found;
  return `${found}; put a text with a colon in quotes, and start all keys of a section in the ` +
    `same column`;
}

/** Max number of characters of a line in an error. */
const MAX_SHOWN = 80;

/** Shortens a line of the text for an error. */
function shorten(line: string): string {
  const text = line.trim();
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function convert(node: unknown, at: (offset: number) => string, above: string): YamlValue {
  const where = (node as Node | null)?.range ? at((node as Node).range![0]) : above;
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => {
      const keyWhere = (key as Node).range ? at((key as Node).range![0]) : where;
      return {
        key: String(isScalar(key) ? key.value : key),
        where: keyWhere,
        value: convert(value, at, keyWhere),
      };
    });
    return { where, entries };
  }
  if (isSeq(node)) return { where, value: node.toJSON() };
  if (isScalar(node)) {
    const isPlain = node.type === "PLAIN" || node.type === undefined;
    return { where, value: node.value, source: isPlain ? node.source ?? "" : String(node.value) };
  }
  if (node === null || node === undefined) return { where, value: null, source: "" };
  throw new ConfigError(where, "", "expected a value, got an alias, which is not supported");
}
