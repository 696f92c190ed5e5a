/**
 * The worker in which the studio makes pictures: networks on the CPU block the thread that calls
 * them, and the server must still answer.
 *
 * It makes one job at a time, in the order in which they come, as `generate` does.
 *
 * @module
 */
import { chooseBatch } from "../distill/choose_batch.ts";
import { createRun } from "../distill/create_run.ts";
import type { Run } from "../distill/run.ts";
import { describeError } from "../cli/commands/describe_error.ts";
import { makePictures, preparePictures } from "../cli/commands/generate.ts";
import type { PictureOrder } from "../cli/commands/make_picture.ts";
import { parseCommandLine } from "../cli/flags/parse_command_line.ts";
import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { encodePng } from "../image/encode_png.ts";
import { entropyMap, latentGradientMap } from "../outputs/maps/step_maps.ts";
import type { Reporter } from "../report/reporter.ts";
import { KeptNetworks } from "./kept_networks.ts";
import type { MapKind } from "./protocol/studio_api.ts";
import type { FromWorker, ToWorker } from "./run_messages.ts";

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

type MakeMessage = Extract<ToWorker, { type: "make" }>;
type MapsMessage = Extract<ToWorker, { type: "maps" }>;

/** Makes jobs one after the other. */
class JobMaker {
  readonly #scope: WorkerScope;
  readonly #controllers = new Map<string, AbortController>();
  /** Jobs that wait after their step, and what ends their wait. */
  readonly #paused = new Map<string, PromiseWithResolvers<void>>();
  readonly #maps: MapsMessage[] = [];
  readonly #networks = new KeptNetworks();
  #last: Promise<void> = Promise.resolve();
  /** Lets a paused job look for requested maps. */
  #wake = Promise.withResolvers<void>();

  constructor(scope: WorkerScope) {
    this.#scope = scope;
  }

  /** Handles a message of the server. */
  receive(message: ToWorker): void {
    switch (message.type) {
      case "make":
        this.#controllers.set(message.job, new AbortController());
        this.#last = this.#last.then(() => this.#make(message));
        break;
      case "pause":
        if (!this.#paused.has(message.job)) {
          this.#paused.set(message.job, Promise.withResolvers());
        }
        break;
      case "resume":
        this.#paused.get(message.job)?.resolve();
        this.#paused.delete(message.job);
        break;
      case "cancel": {
        const reason = new DOMException("The run was stopped", "AbortError");
        this.#controllers.get(message.job)?.abort(reason);
        this.#paused.get(message.job)?.resolve();
        this.#paused.delete(message.job);
        break;
      }
      case "maps":
        this.#maps.push(message);
        this.#wake.resolve();
        this.#wake = Promise.withResolvers();
    }
  }

  async #make({ job, args }: MakeMessage): Promise<void> {
    const { signal } = this.#controllers.get(job)!;
    const post = (message: FromWorker) => this.#scope.postMessage(message);
    const reporter: Reporter = {
      report: (event) => post({ type: "event", job, event }),
      wantsPreview: false,
      preview: () => {},
    };
    try {
      signal.throwIfAborted();
      const parsed = parseCommandLine(["generate", ...args]);
      if (parsed?.command !== "generate") throw new TypeError("Cannot make pictures: no command");
      const prepared = await preparePictures(parsed.flags);
      post({ type: "started", job, count: prepared.orders.length });
      const begun = new Set<number>();
      await makePictures(prepared, {
        createRun: async (config, inputs) => {
          // Pictures of one batch have their own.
          if (inputs.pool) return await createRun(config, inputs);
          const networks = await this.#networks.of(config, inputs.image !== undefined);
          return await createRun(config, { ...inputs, ...networks });
        },
        chooseBatch,
        reporter,
        signal,
        // A killed server loses no finished step.
        checkpoints: { everyMs: 0, onWritten: () => Promise.resolve() },
        onStep: async (run, order) => {
          if (!begun.has(order.number)) post(startedMessage(job, run, order));
          begun.add(order.number);
          const { indices } = await run.picture();
          const { number } = order;
          post({ type: "pixels", job, number, step: run.step, indices: Uint8Array.from(indices) });
          await this.#answerMaps(job, number, run);
          await this.#waitWhilePaused(job, number, run);
        },
      });
      post({ type: "end", job, stopped: signal.aborted });
    } catch (error) {
      // A lost device serves no other run.
      await this.#networks[Symbol.asyncDispose]().catch(() => {});
      if (signal.aborted && error === signal.reason) post({ type: "end", job, stopped: true });
      else post({ type: "end", job, stopped: false, error: describeError(error, false).message });
    } finally {
      this.#controllers.delete(job);
      this.#paused.delete(job);
      this.#refuseMaps(job);
    }
  }

  async #waitWhilePaused(job: string, number: number, run: Run): Promise<void> {
    for (;;) {
      const paused = this.#paused.get(job);
      if (paused === undefined) return;
      await Promise.race([paused.promise, this.#wake.promise]);
      await this.#answerMaps(job, number, run);
    }
  }

  /** Draws the maps that were asked for: a run can be read between two steps. */
  async #answerMaps(job: string, number: number, run: Run): Promise<void> {
    const { step } = run;
    for (;;) {
      // Others may be asked for while one is drawn.
      const isDue = (one: MapsMessage) =>
        one.job === job && one.number === number && one.after < step;
      const message = this.#maps.find(isDue);
      if (message === undefined) return;
      this.#maps.splice(this.#maps.indexOf(message), 1);
      const { request, kinds } = message;
      const maps: [MapKind, Uint8Array | string][] = [];
      for (const kind of kinds) {
        const map = drawMap(run, kind).catch((error) => describeError(error, false).message);
        maps.push([kind, await map]);
      }
      this.#scope.postMessage({ type: "maps", request, maps: { step, maps } });
    }
  }

  #refuseMaps(job: string): void {
    for (const message of this.#maps.filter((one) => one.job === job)) {
      this.#maps.splice(this.#maps.indexOf(message), 1);
      this.#scope.postMessage({ type: "maps", request: message.request, maps: undefined });
    }
  }
}

function startedMessage(job: string, run: Run, { number, config }: PictureOrder): FromWorker {
  const { size: { height, width }, palette, startStep: step, steps } = run;
  const colors = Array.from({ length: palette.size }, (_, i) => `#${palette.hexAt(i)}`);
  return {
    type: "picture",
    job,
    picture: {
      number,
      prompt: run.config.prompt,
      seed: String(config.seed),
      height,
      width,
      palette: palette.name,
      colors,
      step,
      steps,
    },
  };
}

/** Draws a map of a run as a PNG. */
async function drawMap(run: Run, kind: MapKind): Promise<Uint8Array> {
  switch (kind) {
    case "entropy":
      return encodePng(entropyMap(run.size, await run.entropy(), run.palette.size));
    case "gradient": {
      const { data, shape } = (await run.stepViews()).gradLatents;
      return encodePng(latentGradientMap(data, shape));
    }
    case "decoded":
      return encodePng(await run.gradientImage());
    case "seen":
      return encodePng(await seenImage(run));
  }
}

/** Returns what the teacher saw: after an edit, the picture itself, enlarged. */
async function seenImage(run: Run): Promise<Image> {
  if (run.step > 0 && run.config.training.steps > 0) {
    const views = await run.stepViews().catch(() => undefined);
    if (views) return views.augmented;
  }
  return resizeImage(await run.image(), run.teacherSize, { fit: "stretch", filter: "nearest" });
}

const scope = globalThis as unknown as WorkerScope;
const maker = new JobMaker(scope);
scope.onmessage = ({ data }) => maker.receive(data);
