/**
 * Draws the names of `names48.json` again: objects to be cut out, at random from what `mini` knows.
 *
 * deno run --allow-read --allow-write=tests/bench/transparency \
 *   tests/bench/transparency/draw_names.ts
 */
import { drawUniform } from "../../../kernels/random/philox.ts";

const SEED = 16;
const COUNT = 48;

/**
 * Drawn names that name no object with an outline: grounds, colors, effects, events. They were
 * told from the names alone, before any picture was made.
 */
const NO_OBJECTS: readonly string[] = [
  "sonic screech",
  "inauguration",
  "hearing disabled",
  "dune",
  "brown black",
  "red liquid drizzle",
  "green blue square",
  "shoals deep water",
  "field",
  "nothing to say",
];

const folder = new URL("./", import.meta.url);
const recipes = new URL("../recipes/hard_prompts.json", folder);
const vocabulary = new URL("../../../assets/models/mini/vocabulary.json", folder);

/** Draws the names: 48, none of them in `game48`. */
export async function drawNames(): Promise<string[]> {
  const { names }: { names: string[] } = JSON.parse(await Deno.readTextFile(vocabulary));
  const { sets }: { sets: { game48: { name: string }[] } } = JSON.parse(
    await Deno.readTextFile(recipes),
  );
  const left = new Set([...NO_OBJECTS, ...sets.game48.map(({ name }) => name)]);
  const keys = drawUniform({ seed: SEED, stream: 0, step: 0 }, names.length);
  return names.map((name, i) => ({ name, key: keys[i]! }))
    .sort((a, b) => a.key - b.key).map(({ name }) => name)
    .filter((name) => !left.has(name)).slice(0, COUNT);
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL("names48.json", folder),
    `${JSON.stringify(await drawNames(), null, 2)}\n`,
  );
}
