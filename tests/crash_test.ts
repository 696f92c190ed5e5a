import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goldenPath } from "./support/goldens.ts";
import { inTemporaryFolder } from "./support/temporary_folder.ts";
import { drawUniform } from "../kernels/random/philox.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const KILLS = 10;
/** Steps of the edit: a strength of 0.4 of ten steps. */
const EDIT_STEPS = 4;
/** Steps in all, more than are done until the last kill. */
const STEPS = 40;
/** Sets the moments of the kills. */
const SEED = 2;

interface Event {
  readonly event: string;
  readonly step?: number;
  readonly folder?: string;
}

/**
 * Runs the program, and kills it (-9) after some of its events and milliseconds.
 *
 * @returns The events until then.
 */
async function run(
  args: readonly string[],
  output: string,
  kill: { readonly events: number; readonly ms: number } = { events: Infinity, ms: 0 },
): Promise<Event[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--config", `${ROOT}deno.json`],
      ...["--allow-read", `--allow-write=${output}`, "--allow-env", `${ROOT}cli.ts`],
      ...["generate", "--json", ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const events: Event[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    events.push(...lines.map((line) => JSON.parse(line)));
    if (events.length < kill.events) continue;
    await new Promise((resolve) => setTimeout(resolve, kill.ms));
    child.kill("SIGKILL");
    break;
  }
  const { code } = await child.status;
  if (kill.events === Infinity) assert.equal(code, 0, JSON.stringify(events.at(-1)));
  return events;
}

function onlyRun(output: string): string {
  const above = join(output, "standard");
  const runs = Array.from(Deno.readDirSync(above), ({ name }) => name);
  assert.equal(runs.length, 1);
  return join(above, runs[0]!);
}

const FLAGS = [
  ...["--prompt", "a red dragon", "--model", goldenPath("tiny-sdxl"), "--size", "8,8"],
  ...["--palette", "1-bit", "--steps", String(STEPS - EDIT_STEPS), "--set", "sd.im_size=64"],
  ...["--set", "training.checkpoint_steps=1", "--set", "diffusion.num_inference_steps=1"],
  ...["--set", "diffusion.num_references=1", "--set", "training.save_steps=3"],
  ...["--strength", "0.4", "--set", "diffusion.edits=1", "--set", "diffusion.edit_steps=10"],
];

/** Kills a run at random moments and resumes it after each. Returns its folder when it is done. */
async function runKilled(output: string, moments: readonly number[]): Promise<string> {
  let resumes = false;
  let last = 0;
  for (let i = 0; i < moments.length; i += 2) {
    // While it loads, or during one of the first steps or its files.
    const kill = { events: 1 + Math.floor(moments[i]! * 9), ms: moments[i + 1]! * 40 };
    const args = resumes ? ["--resume", onlyRun(output)] : [...FLAGS, "--output", output];
    const events = await run(args, output, kill);
    assert.notEqual(events.at(-1)?.event, "error", JSON.stringify(events.at(-1)));
    last = Math.max(last, ...events.map(({ step = 0 }) => step));
    // Before its first checkpoint, a run starts again.
    resumes = last > 0;
    if (!resumes) await Deno.remove(`${output}/standard`, { recursive: true }).catch(() => {});
  }
  assert(last > 0 && last < STEPS, `${last} steps before the last kill`);
  await run(["--resume", onlyRun(output)], output);
  return onlyRun(output);
}

Deno.test("a run that is killed at ten moments gives the same files as one that is not", async () => {
  await inTemporaryFolder(async (folder) => {
    const moments = [...drawUniform({ seed: SEED, stream: 0, step: 0 }, 2 * KILLS)];
    const [, ...killed] = await Promise.all([
      run([...FLAGS, "--output", `${folder}/whole`], `${folder}/whole`),
      runKilled(`${folder}/first`, moments.slice(0, KILLS)),
      runKilled(`${folder}/second`, moments.slice(KILLS)),
    ]);
    const whole = onlyRun(`${folder}/whole`);
    const names = [
      ...["final_argmax.png", "final_softmax.png", "metrics.jsonl"],
      ...[`checkpoint_${STEPS}.safetensors`, "png_logs/3_hard.png"],
    ];
    for (const run of killed) {
      for (const name of names) {
        const [made, expected] = [join(run, name), join(whole, name)];
        assert.deepEqual(await Deno.readFile(made), await Deno.readFile(expected), made);
      }
      for (const { name } of Deno.readDirSync(run)) assert(!name.endsWith(".tmp"), name);
    }
  });
});
