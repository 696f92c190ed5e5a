import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GenerateFlags, generateFlags } from "../../../support/generate_flags.ts";
import { chooseBatch } from "../../../../lib/distill/choose_batch.ts";
import { createRun } from "../../../../lib/distill/create_run.ts";
import { generateCommand, type PictureFunctions } from "../../../../lib/cli/commands/generate.ts";
import type { RunEvent } from "../../../../lib/report/run_event.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";

/** The functions of the library. */
export const LIBRARY: PictureFunctions = { createRun, chooseBatch };

/** Runs `generate`, and returns its code and what it printed. */
export async function run(flags: Partial<GenerateFlags>, functions = LIBRARY) {
  let text = "";
  const terminal = createTerminal({ print: (part) => void (text += part) });
  const code = await generateCommand(generateFlags(flags), {
    out: terminal,
    status: terminal,
  }, functions);
  return { code, text };
}

/** Runs `generate --json`, and returns its events. */
export async function generate(
  flags: Partial<GenerateFlags>,
  functions = LIBRARY,
): Promise<RunEvent[]> {
  const { code, text } = await run({ json: true, ...flags }, functions);
  assert.equal(code, 0);
  return eventsOf(text);
}

/** Reads printed events. */
export function eventsOf(text: string): RunEvent[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Returns the event of all pictures. */
export function lastOf(events: readonly RunEvent[]): RunEvent & { event: "pictures" } {
  const last = events.at(-1);
  assert(last?.event === "pictures");
  return last;
}

/** Content of `index.json`. */
export interface Index {
  readonly pictures: readonly Record<string, unknown>[];
  readonly missing: readonly Record<string, unknown>[];
}

/** Reads the index of a folder of pictures. */
export async function readIndex(folder: string): Promise<Index> {
  return JSON.parse(await Deno.readTextFile(join(folder, "index.json")));
}

/** Tells whether a file exists. */
export async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Makes painting runs in a child process, and sends it Ctrl-C at an event. */
export async function stopAt(isDue: (event: RunEvent) => boolean, output: string, args: string[]) {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const engine = fileURLToPath(new URL("painting_run.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check"],
      ...[`--allow-read=${root},${output}`, `--allow-write=${output}`, engine],
      ...["generate", "--size", "8,8", "--output", output, "--json", ...args],
    ],
    // Drivers print a warning on stderr if it is unset.
    env: { XDG_RUNTIME_DIR: "/tmp" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const events: RunEvent[] = [];
  let rest = "";
  let isStopped = false;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    const texts = (rest + part).split("\n");
    rest = texts.pop()!;
    for (const text of texts) events.push(JSON.parse(text));
    if (isStopped || !events.some(isDue)) continue;
    isStopped = true;
    child.kill("SIGINT");
  }
  const [{ code }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.deepEqual([code, errors], [130, ""]);
  return events;
}
