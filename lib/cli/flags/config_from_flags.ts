import { DEFAULT_FPS, DEFAULT_VIDEO_SIZE } from "../../video/video_format.ts";
import { DEFAULT_VIDEO_FORMAT } from "../../video/video_formats.ts";
import type { ConfigSource } from "../../../config/config_source.ts";
import { parseSettings, sourceOf } from "../../../config/parse_run_config.ts";
import type { GenerateFlags } from "./command_flags.ts";
import { sdPixlSource } from "./sd_pixl_flags.ts";
import type { VideoRequest } from "../commands/step_files.ts";
import {
  parseCount,
  parseFps,
  parseSize,
  parseVideoFormats,
  parseVideoSize,
} from "./video_flags.ts";

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
  "batch": "--batch",
  "output": "--output",
};

/**
 * Turns flags into config values. `--set` wins over the other flags.
 *
 * Texts are taken letter by letter: a prompt never goes through a YAML parser.
 *
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function sourcesOfFlags(flags: GenerateFlags): ConfigSource[] {
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
    "batch": flags.batch,
    "output": flags.output,
  };
  return [
    sdPixlSource(flags.sdPixl ?? {}),
    sourceOf(values, (path) => FLAG_OF[path]!),
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
  const { makeVideo, videoSize, videoFrameFreq = "1", fps, videoFormat } = flags;
  const request = {
    videoSize: videoSize === undefined ? DEFAULT_VIDEO_SIZE : parseVideoSize(videoSize),
    frameSteps: parseCount(videoFrameFreq, "--video_frame_freq", 1_000_000),
    fps: fps === undefined ? DEFAULT_FPS : parseFps(fps),
    formats: videoFormat === undefined
      ? [DEFAULT_VIDEO_FORMAT]
      : parseVideoFormats(videoFormat, "--video_format"),
  };
  return makeVideo ? request : undefined;
}
