import type { PredictNoise } from "./samplers.ts";

/** Latents that wait for a prediction. */
interface Waiting {
  readonly latents: Float32Array;
  resolve(noise: Float32Array): void;
  reject(error: unknown): void;
}

/**
 * Predicts for several samples in one run of a network. The samples are drawn at the same time by
 * the same steps: a prediction starts when all of them have asked for it.
 */
export class SampleGroup {
  readonly #count: number;
  readonly #predict: PredictNoise;
  readonly #waiting = new Map<number, Waiting>();
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param count Samples of the group, at least 1.
   * @param predict Predicts for the latents of all samples, one after the other in one array.
   */
  constructor(count: number, predict: PredictNoise) {
    this.#count = count;
    this.#predict = predict;
  }

  /**
   * Returns what predicts for one sample.
   *
   * @param index Of the sample in the group, from 0.
   */
  predictorOf(index: number): PredictNoise {
    return (latents, timestep, alpha) =>
      new Promise((resolve, reject) => {
        if (this.#failure) return reject(this.#failure.error);
        this.#waiting.set(index, { latents, resolve, reject });
        if (this.#waiting.size === this.#count) this.#run(timestep, alpha);
      });
  }

  /** Ends the waiting: a sample of the group failed, and will not ask again. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #run(timestep: number, alpha: number | undefined): Promise<void> {
    const asked = [...this.#waiting].sort(([a], [b]) => a - b).map(([, one]) => one);
    this.#waiting.clear();
    const size = asked[0]!.latents.length;
    const all = new Float32Array(asked.length * size);
    for (const [i, { latents }] of asked.entries()) all.set(latents, i * size);
    try {
      const noise = await this.#predict(all, timestep, alpha);
      for (const [i, { resolve }] of asked.entries()) {
        resolve(noise.slice(i * size, (i + 1) * size));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
