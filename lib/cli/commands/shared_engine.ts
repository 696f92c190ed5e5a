import { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { chooseBatch } from "../../distill/choose_batch.ts";
import { SessionPool } from "../../onnx/batching/session_pool.ts";
import { DISTILL_ENGINE } from "./distill_engine.ts";
import type { Engine, EngineInputs, EngineRun, PlannedInputs } from "./engine.ts";

/** Makes several pictures by score distillation, whose teacher is loaded once. */
export class SharedEngine implements Engine, AsyncDisposable {
  readonly #shared: { readonly gpu: Gpu; readonly pool: SessionPool };
  readonly #owned: AsyncDisposableStack;

  private constructor(gpu: Gpu, pool: SessionPool, owned: AsyncDisposableStack) {
    this.#shared = { gpu, pool };
    this.#owned = owned;
  }

  /**
   * Requests the device of all pictures.
   *
   * @throws {NoGpuError} If there is no WebGPU adapter.
   */
  static async create(): Promise<SharedEngine> {
    await using owned = new AsyncDisposableStack();
    const gpu = owned.use(await Gpu.request());
    const pool = owned.use(new SessionPool());
    return new SharedEngine(gpu, pool, owned.move());
  }

  open(config: RunConfig, inputs: EngineInputs): Promise<EngineRun> {
    const { member } = inputs;
    const shared = { ...this.#shared, ...(member ? { member } : {}) };
    return DISTILL_ENGINE.open(config, { ...inputs, shared });
  }

  chooseBatch(config: RunConfig, inputs: PlannedInputs, count: number): Promise<number> {
    const { palette, image, verbose = false, hub = {} } = inputs;
    return chooseBatch(this.#shared.gpu, config, {
      ...{ count, palette, decodesGradient: verbose },
      ...(image ? { image } : {}),
      // What is there suffices to plan; the first picture downloads it anew.
      hub: { ...hub, forceDownload: false },
    });
  }

  /** Frees the networks and the device. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
