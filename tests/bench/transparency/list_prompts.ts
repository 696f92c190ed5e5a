/**
 * Lists the prompts of a set as arguments of `generate`, one a line:
 *
 * deno run --allow-read tests/bench/transparency/list_prompts.ts names48 | xargs -d '\n' \
 *   deno task generate --transparent --preset draft --palette endesga-32 --seed 7
 */
const folder = new URL("./", import.meta.url);

/** Reads the prompts of each set. */
const SETS: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  game48: async () => {
    const path = new URL("../recipes/hard_prompts.json", folder);
    const { sets } = JSON.parse(await Deno.readTextFile(path));
    return sets.game48.map(({ prompt }: { prompt: string }) => prompt);
  },
  names48: async () => JSON.parse(await Deno.readTextFile(new URL("names48.json", folder))),
};

if (import.meta.main) {
  const [name] = Deno.args;
  const read = name === undefined ? undefined : SETS[name];
  if (read === undefined) {
    throw new TypeError(
      `Cannot list prompts: expected ${Object.keys(SETS).join(" or ")}, got ${name ?? "none"}`,
    );
  }
  const lines = (await read()).flatMap((prompt) => ["--prompt", prompt]);
  Deno.stdout.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
}
