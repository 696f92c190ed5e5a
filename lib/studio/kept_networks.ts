import { Gpu } from "../../kernels/gpu/gpu.ts";
import type { RunConfig } from "../../config/run_config.ts";
import { SessionPool } from "../onnx/batching/session_pool.ts";

/** A device, and the networks that are loaded on it. */
interface Networks {
  readonly gpu: Gpu;
  readonly pool: SessionPool;
}

/**
 * Keeps the networks of the last run for a run that needs the same: its first step then comes
 * sooner.
 *
 * Other sizes, presets and kinds of start need other networks. Those of the last run are freed
 * first, since the weights of two teachers may not fit in memory together.
 */
export class KeptNetworks implements AsyncDisposable {
  #key = "";
  #networks: Networks | undefined;

  /** Returns networks for a run, which borrows them. */
  async of(config: RunConfig, hasImage: boolean): Promise<Networks> {
    const { preset, diffusion: { modelId }, generator: { imageH, imageW } } = config;
    const key = JSON.stringify([preset, modelId, imageH, imageW, hasImage]);
    if (key !== this.#key) await this[Symbol.asyncDispose]();
    this.#key = key;
    this.#networks ??= { gpu: await Gpu.request(), pool: new SessionPool() };
    return this.#networks;
  }

  /** Frees the networks and the device. */
  async [Symbol.asyncDispose](): Promise<void> {
    const networks = this.#networks;
    this.#networks = undefined;
    await networks?.pool[Symbol.asyncDispose]();
    networks?.gpu[Symbol.dispose]();
  }
}
