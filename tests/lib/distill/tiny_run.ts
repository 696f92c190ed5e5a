import { type PartialConfig, resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { Image, type ImageSize } from "../../../lib/image/image.ts";
import { goldenPath } from "../../support/goldens.ts";

/** A config of few steps with the teacher of the reference tensors, whose weights are random. */
export function tinyConfig(part: PartialConfig = {}): RunConfig {
  return resolveRunConfig({
    prompt: "a red dragon",
    runtime: "wasm",
    ...part,
    generator: { imageH: 8, imageW: 8, palette: "game-boy", ...part.generator },
    training: { steps: 2, ...part.training },
    diffusion: {
      modelId: goldenPath("tiny-sdxl"),
      sampler: "ddim",
      numInferenceSteps: 2,
      guidanceScale: 3,
      numReferences: 1,
      strength: 0,
      ...part.diffusion,
    },
    sd: { imSize: 64, guidanceScale: 10, ...part.sd },
  });
}

/** A disc on a color gradient, with a transparent corner. */
export function discImage({ height, width }: ImageSize): Image {
  const image = new Image({ height, width });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2;
      const color = isInside ? [220, 40, 60] : [255 * x / width, 255 * y / height, 120];
      image.data.set([...color, x + y < 4 ? 0 : 255], (y * width + x) * 4);
    }
  }
  return image;
}
