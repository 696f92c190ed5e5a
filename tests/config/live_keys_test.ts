import assert from "node:assert/strict";
import { configKeys } from "../../config/config_keys.ts";
import { parseSettings, sourceOf } from "../../config/parse_run_config.ts";
import { resolveSources } from "../../config/resolve_run_config.ts";
import type { RunConfig } from "../../config/run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { generateCommand } from "../../lib/cli/commands/generate.ts";
import { createTerminal } from "../../lib/report/terminal.ts";
import { SessionPool } from "../../lib/onnx/batching/session_pool.ts";
import { paintingRuns } from "../lib/cli/commands/painting_run.ts";
import { inTemporaryFolder } from "../support/temporary_folder.ts";
import { type LiveKey, type Observable, TINY } from "./live_key.ts";
import { LIVE_KEYS } from "./live_keys.ts";
import {
  type Laboratory,
  OBSERVATIONS,
  observeRun,
  type RunObservation,
} from "./observe_config.ts";

const SILENT = createTerminal({ print: () => {} });

/** Observes settings. Runs with the same settings are made once. */
class Observer {
  readonly #laboratory: Laboratory;
  readonly #runs = new Map<string, Promise<RunObservation>>();

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  async observe(settings: readonly string[], what: Observable): Promise<unknown> {
    const { config } = resolveSources([parseSettings([...TINY, ...settings])]);
    if (what === "files") return await listFiles(settings);
    if (what in OBSERVATIONS) {
      return await OBSERVATIONS[what as keyof typeof OBSERVATIONS](config, this.#laboratory);
    }
    const run = await this.run(config);
    if (!what.startsWith("loss of ")) return run[what as keyof RunObservation];
    return run.losses.map((losses) => losses[what.slice("loss of ".length)]);
  }

  run(config: RunConfig): Promise<RunObservation> {
    const key = JSON.stringify(config);
    const run = this.#runs.get(key) ?? observeRun(config, this.#laboratory);
    this.#runs.set(key, run);
    return run;
  }
}

/** Lists the files of a run, relative to its working folder. */
async function listFiles(settings: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  await inTemporaryFolder(async (folder) => {
    const output = settings.find((setting) => setting.startsWith("output="));
    const root = `${folder}/${output?.slice("output=".length) ?? "workdir"}`;
    const set = [...TINY, ...settings, `output=${root}`];
    const terminals = { out: SILENT, status: SILENT };
    await generateCommand({ set, json: true }, terminals, paintingRuns());
    for await (const file of filesBelow(folder)) {
      files.push(file.slice(folder.length).replaceAll(/\d{4}(-\d\d){5}/g, "DATE"));
    }
  });
  return files.sort();
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

/** Checks an entry of the table. */
async function check(path: string, entry: LiveKey, observer: Observer): Promise<void> {
  const { given = [], value, changes } = entry;
  const before = await observer.observe(given, changes);
  const after = await observer.observe([...given, `${path}=${value}`], changes);
  assert.notDeepEqual(after, before, `"${path}" is dead: it changes no ${changes}`);
}

Deno.test("each used key of the config has an entry that tells what it changes, and no other", () => {
  const used = configKeys().filter(({ spec }) => spec.unused === undefined);
  assert.deepEqual(Object.keys(LIVE_KEYS).sort(), used.map(({ path }) => path).sort());
});

Deno.test("each unused key of the config is said to have no effect, unless it is the default", () => {
  const unused = configKeys().filter(({ spec }) => spec.unused !== undefined);
  assert(unused.length > 0);
  for (const { path, spec } of unused) {
    const notes = (value: unknown) => resolveSources([sourceOf({ [path]: value }, "test")]).notes;
    assert.deepEqual(notes(!spec.default), [`"${path}" has no effect: ${spec.unused}`]);
    assert.deepEqual(notes(spec.default), []);
  }
});

Deno.test("each key of the config changes what it should", async (t) => {
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  const observer = new Observer({ gpu, pool });
  await t.step("the same settings change nothing", async () => {
    const { config } = resolveSources([parseSettings([...TINY, "image=disc.png"])]);
    assert.deepEqual(await observeRun(config, { gpu, pool }), await observer.run(config));
  });
  for (const [path, entry] of Object.entries(LIVE_KEYS)) {
    await t.step(path, () => check(path, entry, observer));
  }
});
