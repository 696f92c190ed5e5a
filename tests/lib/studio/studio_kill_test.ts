import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodePng } from "../../../lib/image/encode_png.ts";
import { Image } from "../../../lib/image/image.ts";
import type { GalleryRun } from "../../../lib/studio/protocol/gallery_api.ts";
import type { JobState } from "../../../lib/studio/protocol/studio_api.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Steps of score distillation after those of the edit. */
const STEPS = 8;

/** A studio in a separate process, with requests as its page makes them. */
interface StudioProcess extends AsyncDisposable {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: BodyInit): Promise<T>;
  /** Waits until the events have this text; returns all of them. */
  waitFor(text: RegExp): Promise<string>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function startStudio(output: string): Promise<StudioProcess> {
  const model = goldenPath("tiny-sdxl");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--config", `${ROOT}deno.json`],
      ...["--allow-read", `--allow-write=${output}`, "--allow-env", "--allow-net=127.0.0.1"],
      ...[`${ROOT}cli.ts`, "studio", "--port", `${freePort()}`, "--output", output],
      ...["--model", model],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const address = (await lines.read()).value!.trim();
  await lines.cancel();
  const { origin } = new URL(address);
  const answerOf = async (path: string, init?: RequestInit) => {
    const response = await fetch(new URL(path, address), init);
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
  };
  const kill = async () => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await child.status;
  };
  return {
    get: (path) => answerOf(path),
    post: (path, body) => answerOf(path, { method: "POST", headers: { origin }, body }),
    waitFor: async (wanted) => {
      const { body } = await fetch(new URL("api/events", address));
      let text = "";
      for await (const part of body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (wanted.test(text)) return text;
      }
      throw new Error("The studio has ended");
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

Deno.test("a studio that is killed loses no finished step, and the run resumes to the same bytes", async () => {
  await inTemporaryFolder(async (output) => {
    const data = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => i % 4 === 3 ? 255 : i * 7 % 256);
    const png = encodePng(new Image({ height: 8, width: 8 }, data));
    let form = {};
    let seen = 0;
    {
      await using studio = await startStudio(output);
      const { id } = await studio.post<{ id: string }>("api/uploads/image?name=a.png", png);
      const flags = ["--steps", `${STEPS}`];
      const rest = { palette: "1-bit", preset: "draft", seed: "3", strength: 0.3, flags };
      form = { prompt: "a red dragon", size: [8, 8], image: id, ...rest };
      await studio.post("api/jobs", JSON.stringify(form));
      const text = await studio.waitFor(/"type":"step"[^\n]*"step":[4-9],/);
      seen = Math.max(...Array.from(text.matchAll(/"step":(\d+)/g), ([, step]) => Number(step)));
      await studio.kill();
    }
    await using studio = await startStudio(output);
    const { runs: [run] } = await studio.get<{ runs: GalleryRun[] }>("api/runs");
    const { step, steps } = run!.unfinished!;
    assert(step >= seen && seen >= 4 && step < steps, `step ${step} of ${steps}, seen ${seen}`);
    const name = run!.run;
    await studio.post<JobState>("api/continue", JSON.stringify({ run: name }));
    await studio.waitFor(/"status":"done"/);
    // The same order without a kill.
    await studio.post("api/jobs", JSON.stringify(form));
    await studio.waitFor(/"status":"done"[^]*"status":"done"/);
    const { runs } = await studio.get<{ runs: GalleryRun[] }>("api/runs");
    assert.deepEqual(runs.map(({ unfinished }) => unfinished), [undefined, undefined]);
    const whole = runs.find((one) => one.run !== name)!.run;
    const files = ["final_argmax.png", "final_softmax.png", "metrics.jsonl"];
    for (const file of [...files, `checkpoint_${steps}.safetensors`]) {
      const [made, expected] = await Promise.all(
        [name, whole].map((run) => Deno.readFile(join(output, run, file))),
      );
      assert.deepEqual(made, expected, file);
    }
  });
});
