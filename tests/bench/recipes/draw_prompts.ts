/**
 * Draws the prompts of the benchmark again, from the names that `mini` was trained on. Their groups
 * are those of Unicode (Debian's package `unicode-data`):
 *
 * deno run --allow-read --allow-write=tests/bench/recipes/prompts.json \
 *   tests/bench/recipes/draw_prompts.ts assets/models/mini/vocabulary.json
 */
import { drawUniform } from "../../../kernels/random/philox.ts";
import { BACKGROUND_NAMES } from "./backgrounds.ts";
import { SCENES } from "./scenes.ts";

const EMOJI_TEST = "/usr/share/unicode/emoji/emoji-test.txt";

/** Groups whose pictures are recognizable at low resolution. */
const GROUPS = [
  "Animals & Nature",
  "Food & Drink",
  "Objects",
  "Activities",
  "Travel & Places",
  "Smileys & Emotion",
] as const;

const SEED = 48;

interface Name {
  readonly name: string;
  readonly group: string;
}

/** Reads the names and groups of Unicode's list, spelled as in the vocabulary of `mini`. */
function namesOf(emojiTest: string): Name[] {
  const names = new Map<string, Name>();
  let group = "";
  for (const line of emojiTest.split("\n")) {
    group = /^# group: (.*)/.exec(line)?.[1]?.trim() ?? group;
    const spelled = /; fully-qualified\s*# \S+ E[\d.]+ (.+)$/.exec(line)?.[1];
    if (spelled === undefined) continue;
    const name = spelled.toLowerCase().normalize("NFC").replaceAll("’", "'")
      .replaceAll("&", "and").replace(/[^\p{L}\p{N}_' ]/gu, " ").replace(/\s+/g, " ").trim();
    if (!names.has(name)) names.set(name, { name, group });
  }
  return [...names.values()];
}

/** Shuffles values. Each stream gives another order. */
function shuffled<T>(values: readonly T[], stream: number): T[] {
  const keys = drawUniform({ seed: SEED, stream, step: 0 }, values.length);
  return values.map((value, i) => ({ value, key: keys[i]! }))
    .sort((a, b) => a.key - b.key).map(({ value }) => value);
}

function onBackground(name: string, background: string): string {
  return `${name} on ${/^[aeiou]/.test(background) ? "an" : "a"} ${background} background`;
}

function drawPrompts(known: ReadonlySet<string>, emojiTest: string) {
  const names = namesOf(emojiTest).filter(({ name }) =>
    known.has(name) && name.split(" ").length <= 2
  );
  // The same number of each group, so that no group dominates the mean.
  const drawn = GROUPS.map((group, i) => shuffled(names.filter((one) => one.group === group), i));
  const backgrounds = shuffled([...BACKGROUND_NAMES, ...BACKGROUND_NAMES], 100);
  return {
    names48: drawn.flatMap((group) => group.slice(0, 8)).map(({ name, group }) => ({
      id: idOf(name),
      prompt: name,
      name,
      group,
    })),
    backgrounds24: drawn.flatMap((group) => group.slice(8, 12)).map(({ name, group }, i) => ({
      id: idOf(name),
      prompt: onBackground(name, backgrounds[i]!),
      name,
      group,
      background: backgrounds[i]!,
    })),
    images12: SCENES.map(({ id, prompt, name, background }) => ({
      id,
      prompt,
      name,
      background,
      image: `images/${id}.png`,
    })),
  };
}

function idOf(name: string): string {
  return name.normalize("NFD").replace(/[^a-z0-9]+/g, "_");
}

if (import.meta.main) {
  const [vocabulary] = Deno.args;
  if (vocabulary === undefined) {
    throw new TypeError("Cannot draw prompts: expected the path of vocabulary.json, got none");
  }
  const { names } = JSON.parse(await Deno.readTextFile(vocabulary)) as { names: string[] };
  const sets = drawPrompts(new Set(names), await Deno.readTextFile(EMOJI_TEST));
  const content = {
    sizes: [12, 16, 24, 32, 48, 64],
    palettes: ["game-boy", "2_2_2_lattice", "sweetie-16", "endesga-32"],
    seeds: [0, 1, 2],
    sets,
  };
  const path = new URL("prompts.json", import.meta.url);
  await Deno.writeTextFile(path, `${JSON.stringify(content, null, 2)}\n`);
}
