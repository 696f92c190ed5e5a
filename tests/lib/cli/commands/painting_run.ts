import type { RunConfig } from "../../../../config/run_config.ts";
import { generateCommand, type PictureFunctions } from "../../../../lib/cli/commands/generate.ts";
import type { RunInputs } from "../../../../lib/distill/run_inputs.ts";
import type { Run } from "../../../../lib/distill/run.ts";
import { Image } from "../../../../lib/image/image.ts";
import { fakeCheckpoint } from "../../run/fake_checkpoint.ts";

/** Options of {@linkcode paintingRuns}. */
export interface PaintingOptions {
  /** Duration of a step in milliseconds; 20 times that if the prompt says "slow". */
  readonly stepMs?: number;
  /** Pictures per batch. Default: as many as `config.batch` says, else 1. */
  readonly batch?: number;
  /** Called before a run is created. */
  before?(config: RunConfig, inputs: RunInputs): void;
  /** Changes a run. */
  change?(run: Run): Run;
}

/** Creates fake runs without a teacher: each step paints one pixel more, of color 1. */
export function paintingRuns(options: PaintingOptions = {}): PictureFunctions {
  const { stepMs = 0, batch, before = () => {}, change = (run) => run } = options;
  return {
    chooseBatch: (_, config) => Promise.resolve(batch ?? Math.max(1, config.batch)),
    createRun(config, inputs) {
      try {
        before(config, inputs);
      } catch (error) {
        return Promise.reject(error);
      }
      inputs.onStage?.("load");
      return Promise.resolve(change(paintingRun(config, inputs, stepMs)));
    },
  };
}

function paintingRun(config: RunConfig, inputs: RunInputs, stepMs: number): Run {
  const palette = inputs.palette!;
  const { imageH: height, imageW: width } = config.generator;
  const size = { height, width };
  const startStep = inputs.checkpoint?.step ?? 0;
  let step = startStep;
  const indices = () => Uint32Array.from({ length: height * width }, (_, i) => i < step ? 1 : 0);
  const image = () => Promise.resolve(Image.fromIndices(size, indices(), palette.colors));
  return {
    config,
    palette,
    size,
    teacherSize: { height: 4, width: 5 },
    runtime: "wasm",
    adapterName: "none",
    startStep,
    steps: config.training.steps,
    get step() {
      return step;
    },
    get teacherCalls() {
      return step;
    },
    startImage: Image.filled({ height: 2, width: 3 }, [9, 9, 9]),
    inputMask: undefined,
    references: undefined,
    controlImages: {},
    async makeStep() {
      const { steps, learningRate } = config.training;
      const wait = stepMs * (/slow/.test(config.prompt) ? 20 : 1);
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      inputs.signal?.throwIfAborted();
      step++;
      return {
        stage: "distill",
        step,
        steps,
        losses: { score: 1 / step },
        learningRate,
        timestep: 500,
        teacherCalls: step,
        gradNorm: 1,
        isApplied: true,
        image,
      };
    },
    image,
    picture() {
      const softmax = new Float32Array(height * width * 3).fill(0.5);
      return Promise.resolve({ ...size, palette, indices: indices(), softmax });
    },
    statistics() {
      return Promise.resolve({
        variance: 0.1,
        normalizedVariance: 0.2,
        entropy: 0.3,
        normalizedEntropy: 0.4,
        maxProbability: 0.5,
      });
    },
    entropy: () => Promise.resolve(new Float32Array(height * width).fill(0.5)),
    stepViews() {
      return Promise.resolve({
        indices: indices(),
        mixture: new Float32Array(height * width * 3).fill(0.5),
        augmented: Image.filled({ height: 4, width: 5 }, [9, 9, 9]),
        gradLatents: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2] },
      });
    },
    gradientImage: () => Promise.resolve(Image.filled({ height: 4, width: 5 }, [8, 8, 8])),
    // Odd seeds are better.
    score: () => Promise.resolve(Number(config.seed) % 2 - Number(config.seed) / 1000),
    checkpoint: () =>
      Promise.resolve(fakeCheckpoint({ ...size, palette, step, seed: config.seed })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

if (import.meta.main) {
  const { parseCommandLine } = await import("../../../../lib/cli/flags/parse_command_line.ts");
  const { terminalOf } = await import("../../../../lib/cli/commands/terminal_of.ts");
  const terminals = { out: terminalOf(Deno.stdout), status: terminalOf(Deno.stderr) };
  const parsed = parseCommandLine(Deno.args);
  if (parsed?.command !== "generate") throw new Error("Cannot run this command in a test");
  Deno.exit(await generateCommand(parsed.flags, terminals, paintingRuns({ stepMs: 10 })));
}
