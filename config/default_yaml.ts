import { isKey, yamlName } from "./config_keys.ts";
import { isList, wordsOf } from "./keys/check_value.ts";
import type { KeySpec } from "./keys/key_spec.ts";
import { CONFIG_KEYS } from "./run_config.ts";
import { writeYaml } from "./yaml_text.ts";

const MAX_COLUMNS = 100;
const HEAD = `\
# yaml-language-server: $schema=config.schema.json
# Every key with its default and its meaning. \`deno task config\` writes this file.
#
# A preset changes the defaults, then a file (--config), then flags (--set key=value).
# The keys are SD-piXL's, except those marked (new).
`;

/** Writes the text of `default.yaml`: every key with its default, and its meaning as a comment. */
export function defaultYaml(): string {
  return `${HEAD}\n${writeSection(CONFIG_KEYS, "").join("\n")}\n`;
}

function writeSection(section: object, indent: string): string[] {
  return Object.entries(section).flatMap(([name, value]) => {
    if (isKey(value)) return writeKey(yamlName(name), value, indent);
    const inner = writeSection(value, `${indent}  `);
    return [...(indent === "" ? [""] : []), `${indent}${yamlName(name)}:`, ...inner];
  });
}

/** Writes a key with its comment: behind it, or above it if it is too long for that. */
function writeKey(name: string, key: KeySpec, indent: string): string[] {
  const line = `${indent}${name}: ${writeValue(key)}`;
  const [first, ...meanings] = describeKey(key);
  const behind = `${line} # ${first}`;
  if (meanings.length === 0 && behind.length <= MAX_COLUMNS) return [behind];
  const comment = [first!, ...meanings].flatMap((text) => wrap(text, `${indent}# `));
  return [...comment, line];
}

function writeValue(key: KeySpec): string {
  if (key.default === null) return "~";
  if (isList(key)) return JSON.stringify(key.default).replaceAll('"', "").replaceAll(",", ", ");
  return writeYaml(key.default).trim();
}

/** Describes a key in a line; choices with meanings get a line each. */
function describeKey(key: KeySpec): string[] {
  const { choices } = key;
  const doc = (key.isNew ? "(new) " : "") + key.doc;
  const meanings = Array.isArray(choices) ? [] : Object.entries(choices ?? {});
  if (meanings.length > 0) {
    const all = key.null === undefined ? meanings : [...meanings, ["~", key.null]];
    return [`${doc}:`, ...all.map(([word, text]) => `  ${word}${text && `: ${text}`}`)];
  }
  const sentences = [
    doc,
    ...(choices === undefined ? [] : [`One of ${wordsOf(key).join(", ")}`]),
    ...(key.range === undefined ? [] : [`${numberKind(key)} in ${key.range}`]),
    ...(key.null === undefined ? [] : [`~: ${key.null}`]),
    ...(key.unused === undefined ? [] : [`No effect: ${key.unused}`]),
  ];
  return [`${sentences.join(". ")}.`];
}

function numberKind({ integer }: KeySpec): string {
  return integer === "odd" ? "Odd integer" : integer ? "Integer" : "Number";
}

/** Wraps a text into lines with a prefix; its indentation stays. */
function wrap(text: string, prefix: string): string[] {
  const [indent] = /^ */.exec(text)!;
  const lines: string[] = [];
  let line = prefix + indent;
  for (const word of text.trim().split(" ")) {
    const isFirst = line.endsWith(" ");
    if (!isFirst && line.length + 1 + word.length > MAX_COLUMNS) {
      lines.push(line);
      line = `${prefix}${indent}${indent === "" ? "" : "  "}${word}`;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}
