import { Image } from "../../../../lib/image/image.ts";
import type { Engine, EngineRun } from "../../../../lib/cli/commands/engine.ts";

/**
 * A run without teacher: each step paints one pixel more, of color 1.
 *
 * @param options How long a step takes, in milliseconds; 20 times that if the prompt says "slow".
 */
export function paintingEngine({ stepMs = 0 } = {}): Engine {
  return {
    // One after the other, unless --batch says otherwise.
    chooseBatch: ({ batch }) => Promise.resolve(Math.max(1, batch)),
    open(config, { palette, checkpoint, onStage }) {
      onStage("load");
      const { imageH: height, imageW: width } = config.generator;
      // The checkpoint's text holds its step.
      const start = /"step":"(\d+)"/.exec(new TextDecoder().decode(checkpoint))?.[1];
      const startStep = Number(start ?? 0);
      let step = startStep;
      const indices = () =>
        Uint32Array.from({ length: height * width }, (_, i) => i < step ? 1 : 0);
      const run: EngineRun = {
        runtime: "wasm",
        adapter: "none",
        paletteName: palette.name,
        prompt: config.prompt,
        startStep,
        references: undefined,
        get evaluations() {
          return step;
        },
        async *steps(signal) {
          const { steps, learningRate } = config.training;
          while (step < steps) {
            const wait = stepMs * (/slow/.test(config.prompt) ? 20 : 1);
            if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
            signal.throwIfAborted();
            step++;
            yield {
              step,
              steps,
              losses: { score: 1 / step },
              learningRate,
              timestep: 500,
              evaluations: step,
            };
          }
        },
        result() {
          const softmax = new Float32Array(height * width * 3).fill(0.5);
          return Promise.resolve({ height, width, palette, indices: indices(), softmax });
        },
        statistics() {
          return Promise.resolve({
            ...{ variance: 0.1, normalizedVariance: 0.2, entropy: 0.3, normalizedEntropy: 0.4 },
            maxProbability: 0.5,
          });
        },
        entropy() {
          return Promise.resolve(new Float32Array(height * width).fill(0.5));
        },
        stepViews() {
          return Promise.resolve({
            indices: indices(),
            mixture: new Float32Array(height * width * 3).fill(0.5),
            augmented: Image.filled({ height: 4, width: 5 }, [9, 9, 9]),
            gradLatents: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2] },
          });
        },
        gradientImage() {
          return Promise.resolve(Image.filled({ height: 4, width: 5 }, [8, 8, 8]));
        },
        beginnings() {
          return Promise.resolve({
            target_image: Image.filled({ height: 2, width: 3 }, [9, 9, 9]),
          });
        },
        // Odd seeds are better.
        score() {
          return Promise.resolve(config.seed % 2 - config.seed / 1000);
        },
        checkpoint() {
          const logits = { shape: [1], data: Float32Array.of(step) };
          return Promise.resolve({ step, tensors: { logits } });
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
      return Promise.resolve(run);
    },
  };
}

if (import.meta.main) {
  const { runProgram } = await import("../../../../lib/cli/flags/program.ts");
  const { generateCommand } = await import("../../../../lib/cli/commands/generate.ts");
  const { terminalOf } = await import("../../../../lib/report/terminal.ts");
  const out = terminalOf(Deno.stdout);
  const none = () => Promise.reject(new Error("Cannot run this command in a test"));
  let code = 1;
  await runProgram(Deno.args, {
    async generate(flags) {
      const terminals = { out, status: terminalOf(Deno.stderr) };
      code = await generateCommand(flags, terminals, paintingEngine({ stepMs: 10 }));
    },
    layers: none,
    video: none,
    palettes: none,
    verify: none,
    randomTeacher: none,
  }, { print: out.write, columns: 80 });
  Deno.exit(code);
}
