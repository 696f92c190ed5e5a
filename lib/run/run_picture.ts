import type { Seed } from "../../kernels/random/philox.ts";
import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";

/** The picture of a run at some step. */
export interface RunPicture extends ImageSize {
  /** Palette of the run. */
  readonly palette: Palette;
  /**
   * Palette index of each pixel, orphan pixels removed as configured, shape [H, W]. Index K, one
   * past the colors, is transparent.
   */
  readonly indices: Uint32Array;
  /**
   * Expected color of each pixel under the softmax, the transparent class as magenta: sRGB in
   * [0, 1], shape [H, W, 3].
   */
  readonly softmax: Float32Array;
}

/** Settings that tell one of several pictures from the others. */
export interface PictureKey {
  /** Number of the picture, from 1, in the order in which pictures are made. */
  readonly number: number;
  /** Prompt of the run. */
  readonly prompt: string;
  /** Name of its palette. */
  readonly palette: string;
  /** Seed of the run. */
  readonly seed: Seed;
}
