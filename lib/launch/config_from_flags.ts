import { ConfigError } from "../../config/config_error.ts";
import type { ConfigLayer } from "../../config/config_layer.ts";
import { layerOf, parseSettings } from "../../config/parse_run_config.ts";
import type { GenerateFlags } from "./command_flags.ts";
import { sdPixlLayer } from "./sd_pixl_flags.ts";
import type { VideoRequest } from "./step_files.ts";

/** Config key of each flag that sets one. */
const FLAG_OF: Readonly<Record<string, string>> = {
  "prompt": "--prompt",
  "negative_prompt": "--negative_prompt",
  "generator.palette": "--palette",
  "generator.image_H": "--size",
  "generator.image_W": "--size",
  "generator.initialization_method": "--kmeans_nb_colors",
  "generator.kmeans_nb_colors": "--kmeans_nb_colors",
  "image": "--input_image",
  "generator.image_fit": "--fit",
  "seed": "--seed",
  "preset": "--preset",
  "training.steps": "--steps",
  "diffusion.model_id": "--model",
  "runtime": "--runtime",
  "output": "--output",
};

/**
 * Turns flags into config values. `--set` wins over the other flags.
 *
 * Texts are taken letter by letter: a prompt never goes through a YAML parser.
 *
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function layersOfFlags(flags: GenerateFlags): ConfigLayer[] {
  const size = flags.size === undefined ? undefined : parseSize(flags.size, "--size");
  const values = {
    "prompt": flags.prompt,
    "negative_prompt": flags.negativePrompt,
    "generator.palette": flags.palette,
    "generator.image_H": size?.[0],
    "generator.image_W": size?.[1],
    "generator.initialization_method": flags.kmeansNbColors === undefined ? undefined : "kmeans",
    "generator.kmeans_nb_colors": flags.kmeansNbColors,
    "image": flags.inputImage,
    "generator.image_fit": flags.fit,
    "seed": flags.seed,
    "preset": flags.preset,
    "training.steps": flags.steps,
    "diffusion.model_id": flags.model,
    "runtime": flags.runtime,
    "output": flags.output,
  };
  return [
    sdPixlLayer(flags.sdPixl ?? {}),
    layerOf(values, (path) => FLAG_OF[path]!),
    parseSettings(flags.set),
  ];
}

/**
 * Reads how the run is to be filmed.
 *
 * @returns undefined if it is not.
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function readVideoRequest(flags: GenerateFlags): VideoRequest | undefined {
  const { makeVideo, videoSize: typed, videoFrameFreq = "1", fps = "30" } = flags;
  const [height, width] = parseSize(typed ?? "512,512", "--video_size");
  const request = {
    videoSize: {
      height: parseCount(height, "--video_size", 8192),
      width: parseCount(width, "--video_size", 8192),
    },
    frameSteps: parseCount(videoFrameFreq, "--video_frame_freq", 1_000_000),
    fps: parseCount(fps, "--fps", 240),
  };
  return makeVideo ? request : undefined;
}

function parseCount(typed: string | number, flag: string, max: number): number {
  const count = Number(typed);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new ConfigError(flag, "", `expected an integer in [1, ${max}], got "${typed}"`);
}

/** Reads "32,48" (height first, as SD-piXL), "32x48" or "32" for a square. */
function parseSize(text: string, flag: string): [number, number] {
  const [, height, width = height] = /^\s*(\d+)\s*(?:[,x×]\s*(\d+)\s*)?$/i.exec(text) ?? [];
  if (height === undefined) {
    throw new ConfigError(flag, "", `expected height,width such as 32,48, got "${text}"`);
  }
  return [Number(height), Number(width)];
}
