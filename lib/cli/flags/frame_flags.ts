import type { RunConfig } from "../../../config/run_config.ts";
import { derivedPaletteName } from "../../initialization/initialize.ts";
import type { FlagsOf } from "./flag_table.ts";
import { UsageError } from "./flag.ts";
import { isFrameImage, splitFrames } from "./frame_list.ts";

/** Max number of frames: they are shown as one animation. */
const MAX_FRAMES = 64;

type FrameFlags = Pick<FlagsOf<"generate">, "prompt" | "palette" | "variations">;

/**
 * Lists the configs of frames of one subject: each has its own prompt or image. Seed and palette
 * are the same, and so is the noise.
 *
 * @throws {UsageError} If there are too few or too many, or other flags contradict them.
 */
export function frameConfigs(typed: string, flags: FrameFlags, config: RunConfig): RunConfig[] {
  const frames = splitFrames(typed);
  const images = frames.filter(isFrameImage);
  const refuse = (found: string) => {
    throw new UsageError(`Cannot make frames: ${found}`);
  };
  if (frames.length < 2 || frames.length > MAX_FRAMES) {
    refuse(`expected 2 to ${MAX_FRAMES} with ";" between, got ${frames.length}`);
  }
  if (images.length > 0 && images.length < frames.length) {
    refuse(`expected prompts or images, got both: "${images[0]}" is an image`);
  }
  if (images.length === 0 && flags.prompt !== undefined) {
    refuse("the frames are the prompts, so leave --prompt out");
  }
  if (images.length > 0 && config.image !== null) {
    refuse("the frames are the images, so leave --input-image out");
  }
  if (flags.variations !== undefined || (flags.palette?.length ?? 0) > 1) {
    refuse("they share one seed and one palette; leave --variations and further palettes out");
  }
  if (derivedPaletteName(config) !== undefined) {
    refuse("they share one palette, so it cannot be made from each image; name a --palette");
  }
  return frames.map((frame) =>
    images.length > 0 ? { ...config, image: frame } : { ...config, prompt: frame }
  );
}
