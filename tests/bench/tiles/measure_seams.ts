import { parseArgs } from "node:util";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { writeFinalImages } from "../../../lib/outputs/final_images.ts";
import type { RunPicture } from "../../../lib/run/run_picture.ts";
import { seamContrast } from "./seam_contrast.ts";

const HELP = `Measures the seams of pictures made with --tile xy, beside those without it.

  deno run --allow-read --allow-write=workdir --allow-env=XDG_RUNTIME_DIR \\
    tests/bench/tiles/measure_seams.ts [options]

  --prompts a,b         names (default: six materials)
  --preset draft        preset of the pictures
  --steps 0             steps of score distillation after the edits
  --size 32             length of a side in pixels
  --compare             also without --tile
  --output folder       also writes the pictures there
`;

const OPTIONS = {
  "prompts": {
    type: "string",
    default: "stone wall,brick wall,grass,wooden planks,sand,dirt",
  },
  "preset": { type: "string", default: "draft" },
  "steps": { type: "string", default: "0" },
  "size": { type: "string", default: "32" },
  "compare": { type: "boolean", default: false },
  "output": { type: "string" },
  "help": { type: "boolean", short: "h", default: false },
} as const;

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return print(HELP);
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  print("| prompt | tile | axis | seam | inside | beside | seam / inside | seam / beside |");
  print("| :-- | :-- | :-- | --: | --: | --: | --: | --: |");
  for (const prompt of values.prompts.split(",")) {
    for (const tile of values.compare ? ["none", "xy"] as const : ["xy"] as const) {
      const config = resolveRunConfig({
        prompt,
        preset: values.preset as "draft",
        seed: 1,
        generator: { imageH: Number(values.size), imageW: Number(values.size) },
        constraint: { tile },
        training: { steps: Number(values.steps) },
      });
      await using run = await createRun(config, { gpu, pool });
      for await (const _ of distill(run));
      const picture = await run.picture();
      for (const row of rowsOf(prompt, tile, picture)) print(row);
      if (values.output === undefined) continue;
      const folder = `${values.output}/${prompt.replaceAll(" ", "_")}_${tile}`;
      await Deno.mkdir(folder, { recursive: true });
      await writeFinalImages(folder, picture, { tile: "xy" });
    }
  }
}

function rowsOf(prompt: string, tile: string, picture: RunPicture): string[] {
  return (["x", "y"] as const).map((axis) => {
    const { seam, inside, beside } = seamContrast(picture, axis);
    const numbers = [seam, inside, beside].map((value) => value.toFixed(3));
    const ratios = [seam / inside, seam / beside].map((value) => value.toFixed(2));
    return `| ${[prompt, tile, axis, ...numbers, ...ratios].join(" | ")} |`;
  });
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) await main(Deno.args);
