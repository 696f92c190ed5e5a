import { configNotes } from "../../../config/config_keys.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { checkpointTensors } from "../../distill/checkpoint.ts";
import { createRun } from "../../distill/create_run.ts";
import { decodeCheckpoint } from "../../distill/decode_checkpoint.ts";
import { describeMemoryPlan } from "../../distill/memory/describe_memory_plan.ts";
import { distill } from "../../distill/distill.ts";
import type { References } from "../../distill/draw_references.ts";
import type { Run } from "../../distill/run.ts";
import type { Image } from "../../image/image.ts";
import type { Engine, EngineInputs, EngineRun, EngineStep } from "./engine.ts";

/** Weights, in bytes, from which on a user should know what a run will take. */
const LARGE_BYTES = 500 * 2 ** 20;

/** Makes pictures by score distillation. */
export const DISTILL_ENGINE: Engine = {
  async open(config: RunConfig, inputs: EngineInputs): Promise<EngineRun> {
    const { palette, image, checkpoint, checkpointName, signal, onStage, onNote } = inputs;
    // The command has told these already.
    const told = new Set(configNotes(config));
    const run = await createRun(config, {
      ...{ palette, signal, onStage, decodesGradient: inputs.verbose ?? false },
      ...(image ? { image } : {}),
      ...(inputs.hub ? { hub: inputs.hub } : {}),
      ...inputs.shared,
      ...(checkpoint ? { checkpoint: decodeCheckpoint(checkpoint, checkpointName) } : {}),
      onNote: (message) => told.has(message) ? undefined : onNote(message),
      onPlan: (plan) => {
        const matters = plan.weightBytes > LARGE_BYTES || plan.problems.length > 0;
        if (matters || inputs.verbose) onNote(describeMemoryPlan(plan));
      },
    });
    if (run.references) tellChoice(run.references, onNote);
    return new DistillEngineRun(run, onNote);
  },
};

function tellChoice({ chosen, scores }: References, onNote: (message: string) => void): void {
  if (scores === undefined) return;
  const list = scores.map((score) => score.toPrecision(3)).join(", ");
  onNote(`The run begins with image ${chosen} of 0 to ${scores.length - 1}; they score ${list}`);
}

/** A run as `generate` knows it. */
class DistillEngineRun implements EngineRun {
  readonly #run: Run;
  readonly #onNote: (message: string) => void;

  constructor(run: Run, onNote: (message: string) => void) {
    this.#run = run;
    this.#onNote = onNote;
  }

  get runtime(): string {
    return this.#run.runtime;
  }

  get adapter(): string {
    return this.#run.adapterName;
  }

  get paletteName(): string {
    return this.#run.palette.name;
  }

  get prompt(): string {
    return this.#run.config.prompt;
  }

  get startStep(): number {
    return this.#run.startStep;
  }

  get evaluations(): number {
    return this.#run.evaluations;
  }

  get references(): References | undefined {
    return this.#run.references;
  }

  async *steps(signal: AbortSignal): AsyncGenerator<EngineStep> {
    let hasLost = false;
    for await (const report of distill(this.#run, { signal })) {
      const { step, steps, losses, learningRate, timestep, evaluations, isApplied } = report;
      if (!isApplied && !hasLost) {
        hasLost = true;
        this.#onNote(`The gradient of step ${step} is not finite; such steps change nothing`);
      }
      yield { step, steps, losses, learningRate, timestep, evaluations };
    }
  }

  result() {
    return this.#run.picture();
  }

  statistics() {
    return this.#run.statistics();
  }

  entropy() {
    return this.#run.entropy();
  }

  stepViews() {
    return this.#run.stepViews();
  }

  gradientImage() {
    return this.#run.gradientImage();
  }

  async beginnings(): Promise<Readonly<Record<string, Image>>> {
    const { startImage, controlImages } = this.#run;
    return {
      ...(startImage ? { target_image: startImage } : {}),
      init_pixelization: await this.#run.image(),
      ...Object.fromEntries(
        Object.entries(controlImages).map(([kind, image]) => [`control_${kind}`, image]),
      ),
    };
  }

  score(signal: AbortSignal) {
    return this.#run.score({ signal });
  }

  async checkpoint() {
    return checkpointTensors(await this.#run.checkpoint());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run[Symbol.asyncDispose]();
  }
}
