/**
 * Draws the prompts of the hard sets again, and the names among which the judge chooses. It needs
 * the list of the training pictures, which `train.py` writes:
 *
 * deno run --allow-read --allow-write=tests/bench/recipes \
 *   tests/bench/recipes/draw_hard_prompts.ts assets/models/mini/training/build/library/rows.json
 */
import { drawUniform } from "../../../kernels/random/philox.ts";
import { BACKGROUND_NAMES } from "./backgrounds.ts";
import { DETAILED_IMAGES } from "./images/detailed/images.ts";

/** A training picture. */
interface Row {
  readonly caption: string;
  readonly source: string;
  readonly class?: string;
  readonly set?: string;
  readonly facing?: string;
  readonly parts?: Readonly<Record<string, string>>;
}

/** Names of a kind: how many are drawn, and from which training pictures. */
interface Kind {
  readonly group: string;
  readonly count: number;
  readonly test: (row: Row) => boolean;
  /** Style in front of the prompt. Default: none, which means pixel art. */
  readonly style?: string;
}

const SEED = 24;
const NAMES_OF_JUDGE = 2000;

const GAME_SOURCES = ["dcss", "angband"];
const CREATURES = ["monster", "animal", "undead", "demon", "dragon"];
const SCENERY = ["tree", "statue", "altar", "door", "wall tile", "floor tile", "terrain"];
const isGame = ({ source }: Row) => GAME_SOURCES.includes(source);
const isCreature = (row: Row) => isGame(row) && CREATURES.includes(row.class ?? "");
const isScenery = (row: Row) => isGame(row) && SCENERY.includes(row.class ?? "");
const isThing = (row: Row) =>
  isGame(row) && !isCreature(row) && !isScenery(row) && !["person", "item"].includes(row.class!);

const KINDS: readonly Kind[] = [
  { group: "creatures", count: 12, test: isCreature },
  { group: "things", count: 12, test: isThing },
  { group: "scenery", count: 6, test: isScenery },
  { group: "tiny sprites", count: 6, test: ({ source }) => source === "dawnlike" },
  { group: "emoji", count: 4, test: ({ set }) => set === "noto", style: "emoji" },
  {
    group: "3D renders",
    count: 4,
    test: ({ source }) => source === "sweethome3d",
    style: "3d render",
  },
];
const PEOPLE = 4;

const COLORS = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink"];
const COLOR_WORDS =
  /\b(red|orange|yellow|green|cyan|blue|purple|pink|brown|white|black|gr[ae]y|gold)/;

/** Shuffles values. Each stream gives another order. */
function shuffled<T>(values: readonly T[], stream: number): T[] {
  const keys = drawUniform({ seed: SEED, stream, step: 0 }, values.length);
  return values.map((value, i) => ({ value, key: keys[i]! }))
    .sort((a, b) => a.key - b.key).map(({ value }) => value);
}

/**
 * Lists names of at most two words, sorted, so that the order of the pictures does not matter. Each
 * word occurs in captions of two sources or more: this drops proper names and odd file names.
 */
function shortNames(rows: readonly Row[], all: readonly Row[]): string[] {
  const known = commonWords(all);
  const names = rows.filter(({ parts }) => parts === undefined).map(({ caption }) => caption);
  return [...new Set(names)].sort().filter((name) =>
    /^[a-z]{2,}( [a-z]{2,})?$/.test(name) && name.split(" ").every((word) => known.has(word))
  );
}

const wordsOfRows = new WeakMap<readonly Row[], ReadonlySet<string>>();

/** Words in captions of at least two sources. */
function commonWords(rows: readonly Row[]): ReadonlySet<string> {
  const words = wordsOfRows.get(rows) ?? findCommonWords(rows);
  wordsOfRows.set(rows, words);
  return words;
}

function findCommonWords(rows: readonly Row[]): ReadonlySet<string> {
  const sources = new Map<string, Set<string>>();
  for (const { caption, source } of rows) {
    for (const word of caption.split(" ")) {
      sources.set(word, (sources.get(word) ?? new Set()).add(source));
    }
  }
  return new Set([...sources].filter(([, { size }]) => size >= 2).map(([word]) => word));
}

function drawGame(rows: readonly Row[]) {
  const prompts = KINDS.flatMap(({ group, count, test, style }, i) =>
    shuffled(shortNames(rows.filter(test), rows), i).slice(0, count).map((name) => ({
      prompt: style === undefined ? name : `${style} of ${article(name)}`,
      name,
      group,
    }))
  );
  const people = shuffled(rows.filter(({ parts, facing }) => parts?.["hair"] && facing === ""), 20)
    .slice(0, PEOPLE).map(({ caption, parts }) => {
      const { hair, torso, legs } = parts!;
      const clothes = [torso, legs].filter((part) => part !== undefined).join(" and ");
      const name = `${caption} with ${hair}${clothes ? ` wearing ${clothes}` : ""}`;
      return { prompt: name, name, group: "people" };
    });
  return mixed([...prompts, ...people]).map((prompt) => ({ id: idOf(prompt.name), ...prompt }));
}

/** Combinations that the training drew rarely or never. */
function drawCombined(rows: readonly Row[], taken: ReadonlySet<string>) {
  const fresh = (test: (row: Row) => boolean, stream: number) =>
    shuffled(shortNames(rows.filter(test), rows).filter((name) => !taken.has(name)), stream);
  const plain = (names: readonly string[]) => names.filter((name) => !COLOR_WORDS.test(name));
  const creatures = fresh(isCreature, 30);
  const things = fresh(isThing, 31);
  const floors = fresh((row) => isGame(row) && row.class === "floor tile", 32)
    .filter((name) => name.endsWith(" floor"));
  const backgrounds = shuffled(BACKGROUND_NAMES, 33);
  const colors = [0, 1].flatMap((round) => shuffled(COLORS, 34 + round));
  const recolored = [...plain(creatures).slice(0, 8), ...plain(things).slice(0, 8)]
    .map((name, i) => {
      const colored = `${colors[i]} ${name}`;
      const background = take(backgrounds, (other) => !other.endsWith(colors[i]!));
      const prompt = `${article(colored)} on ${article(background)} background`;
      return { prompt, name: colored, background, group: "recolored" };
    });
  const others = [...creatures.slice(-8)];
  const pairs = others.slice(0, 4).map((name, i) => ({
    prompt: `${article(name)} and ${article(things.at(-1 - i)!)}`,
    group: "pairs",
  }));
  const rooms = others.slice(4).map((name, i) => ({
    prompt: `${article(name)} on ${article(floors[i]!)}`,
    group: "on a floor",
  }));
  const all = mixed([...recolored, ...pairs, ...rooms]);
  return all.map((one) => ({ id: idOf(one.prompt), ...one }));
}

/** Spreads the groups over the list, so that its first prompts are a sample of all. */
function mixed<T extends { readonly group: string }>(prompts: readonly T[]): T[] {
  const groups = [...Map.groupBy(prompts, ({ group }) => group).values()];
  return groups.flatMap((group) =>
    group.map((prompt, i) => ({ prompt, at: (i + 0.5) / group.length }))
  ).sort((a, b) => a.at - b.at).map(({ prompt }) => prompt);
}

/** Removes and returns the first value that fits. */
function take(values: string[], fits: (value: string) => boolean): string {
  return values.splice(values.findIndex(fits), 1)[0]!;
}

function article(text: string): string {
  return `${/^[aeiou]/.test(text) ? "an" : "a"} ${text}`;
}

function idOf(text: string): string {
  return text.replace(/[^a-z0-9]+/g, "_").slice(0, 48);
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined) {
    throw new TypeError("Cannot draw prompts: expected the path of rows.json, got none");
  }
  const rows: Row[] = JSON.parse(await Deno.readTextFile(path));
  const game48 = drawGame(rows);
  const combined24 = drawCombined(rows, new Set(game48.map(({ name }) => name)));
  const detailed20 = mixed(DETAILED_IMAGES).map(({ id, prompt, name, background, group }) => ({
    id,
    prompt,
    name,
    ...(background === undefined ? {} : { background }),
    group,
    image: `images/detailed/${id}.jpg`,
  }));
  await write("hard_prompts.json", { sets: { game48, combined24, detailed20 } });
  const names = shuffled(shortNames(rows, rows), 50).slice(0, NAMES_OF_JUDGE).sort();
  await write("judge/names.json", names);
}

async function write(file: string, content: unknown): Promise<void> {
  const text = `${JSON.stringify(content, null, Array.isArray(content) ? 0 : 2)}\n`;
  await Deno.writeTextFile(new URL(file, import.meta.url), text);
}
