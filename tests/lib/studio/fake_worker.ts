import { encodePng } from "../../../lib/image/encode_png.ts";
import { Image } from "../../../lib/image/image.ts";
import type { RunWorker } from "../../../lib/studio/maker.ts";
import type { FromWorker, ToWorker } from "../../../lib/studio/run_messages.ts";

/** Steps of a fake run. */
export const FAKE_STEPS = 8;

/** What a fake run draws: a picture whose pixels all have the index of its step. */
export interface FakeRunOptions {
  /** Time of a step in milliseconds. Default: 5. */
  readonly stepMs?: number;
  /** Size of the pictures. Default: 16. */
  readonly side?: number;
  /** Number of steps. Default: {@linkcode FAKE_STEPS}. */
  readonly steps?: number;
  /** Steps after which a run waits for {@linkcode FakeWorker.release}. Default: none. */
  readonly holds?: readonly number[];
}

/** A worker whose runs take no teacher: it answers as `run_worker.ts` does. */
export class FakeWorker implements RunWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  /** Arguments of the jobs, in order. */
  readonly asked: (readonly string[])[] = [];
  readonly #options: Required<FakeRunOptions>;
  readonly #holds: number[];
  readonly #states = new Map<string, "running" | "paused" | "canceled">();
  /** Steps of stopped runs, by folder. */
  readonly #stopped = new Map<string, number>();
  #maps: Extract<ToWorker, { type: "maps" }>[] = [];
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor({ stepMs = 5, side = 16, steps = FAKE_STEPS, holds = [] }: FakeRunOptions = {}) {
    this.#options = { stepMs, side, steps, holds };
    this.#holds = [...holds];
  }

  postMessage(message: ToWorker): void {
    if (message.type === "make") {
      this.asked.push(message.args);
      this.#states.set(message.job, "running");
      this.#last = this.#last.then(() => this.#make(message.job, message.args));
    } else if (message.type === "maps") {
      this.#maps.push(message);
    } else {
      const states = { pause: "paused", resume: "running", cancel: "canceled" } as const;
      this.#states.set(message.job, states[message.type]);
    }
  }

  /** Ends the wait of the first hold that is left. */
  release(): void {
    this.#holds.shift();
  }

  terminate(): void {
    this.#isClosed = true;
  }

  async #make(job: string, args: readonly string[]): Promise<void> {
    const { stepMs, side, steps } = this.#options;
    const valueOf = (flag: string) => args[args.indexOf(flag) + 1]!;
    const resumed = args.includes("--resume") ? valueOf("--resume") : undefined;
    const prompt = resumed ? "continued" : valueOf("--prompt");
    if (prompt === "fail") {
      this.#post({ type: "started", job, count: 1 });
      return this.#post({ type: "end", job, stopped: false, error: "Cannot draw: no paint" });
    }
    const folder = resumed ?? `${valueOf("--output")}/draft/run-${job}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/config.yaml`, `prompt: ${JSON.stringify(prompt)}\n`);
    this.#post({ type: "started", job, count: 1 });
    const start = this.#stopped.get(folder) ?? 0;
    const seed = "7";
    this.#post({
      type: "event",
      job,
      event: {
        event: "start",
        folder,
        steps,
        resumedFrom: start,
        prompt,
        palette: "two",
        height: side,
        width: side,
        seed: 7,
        runtime: "wasm",
        adapter: "fake",
      },
    });
    const colors = Array.from({ length: steps + 1 }, (_, i) => `#${`${i + 10}`.repeat(3)}`);
    this.#post({
      type: "picture",
      job,
      picture: {
        number: 1,
        prompt,
        seed,
        height: side,
        width: side,
        palette: "two",
        colors,
        step: start,
        steps,
      },
    });
    const startedAt = performance.now();
    for (let step = start;; step++) {
      const indices = new Uint8Array(side * side).fill(step);
      this.#post({ type: "pixels", job, number: 1, step, indices });
      this.#drawMaps(step);
      while (
        (this.#states.get(job) === "paused" || this.#holds[0] === step) && !this.#isClosed
      ) {
        await pause(5);
        this.#drawMaps(step);
      }
      if (step === steps || this.#states.get(job) === "canceled" || this.#isClosed) {
        this.#stopped.set(folder, step);
        break;
      }
      await pause(stepMs);
      this.#post({
        type: "event",
        job,
        event: {
          event: "step",
          stage: "distill",
          step: step + 1,
          steps,
          losses: { fft: 1 / (step + 1) },
          learningRate: 0.1,
          timestep: 500 - step,
          teacherCalls: step + 1,
          seconds: (performance.now() - startedAt) / 1000,
        },
      });
    }
    const stopped = this.#states.get(job) === "canceled";
    this.#post({
      type: "event",
      job,
      event: {
        event: "done",
        folder,
        files: [],
        seconds: 1,
        teacherCalls: steps,
        interrupted: stopped,
      },
    });
    this.#post({ type: "end", job, stopped });
    for (const { request } of this.#maps) this.#post({ type: "maps", request, maps: undefined });
    this.#maps = [];
  }

  /** Draws maps of one pixel; there is no "decoded". */
  #drawMaps(step: number): void {
    const due = this.#maps.filter(({ after }) => after < step);
    this.#maps = this.#maps.filter(({ after }) => after >= step);
    for (const { request, kinds } of due) {
      const map = encodePng(Image.filled({ height: 1, width: 1 }, [step, 0, 0]));
      const maps = kinds.map((kind) =>
        [kind, kind === "decoded" ? "Cannot draw it" : map] as const
      );
      this.#post({ type: "maps", request, maps: { step, maps } });
    }
  }

  #post(data: FromWorker): void {
    if (!this.#isClosed) this.onmessage?.(new MessageEvent("message", { data }));
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
