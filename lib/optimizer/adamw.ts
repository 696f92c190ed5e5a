import type { TrainingConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeAdamw } from "../../kernels/optimizer/adamw.ts";
import { encodeClipGradNorm } from "../../kernels/optimizer/clip_grad_norm.ts";

/** Options of {@linkcode AdamW}: keys of the config. */
export type AdamWOptions = Pick<
  TrainingConfig,
  "adamBeta1" | "adamBeta2" | "adamWeightDecay" | "adamEpsilon" | "clipGrad" | "maxGradNorm"
>;

/** State of an optimizer, for checkpoints. */
export interface AdamWState {
  /** Optimizer steps done. */
  readonly step: number;
  /** Running mean of the gradient, of the size of the parameter. */
  readonly moment1: Float32Array;
  /** Running mean of the squared gradient, of the size of the parameter. */
  readonly moment2: Float32Array;
}

/**
 * Optimizes one tensor by AdamW with gradient clipping.
 *
 * Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, Algorithm 2.
 */
export class AdamW implements Disposable {
  readonly #param: GpuTensor;
  readonly #moment1: GpuTensor;
  readonly #moment2: GpuTensor;
  readonly #options: AdamWOptions;
  readonly #owned: DisposableStack;
  #step = 0;

  /**
   * Creates an optimizer at step 0.
   *
   * @param param The parameter; borrowed, and must outlive the optimizer.
   */
  constructor(gpu: Gpu, param: GpuTensor, options: AdamWOptions) {
    using owned = new DisposableStack();
    const { label, shape } = param;
    this.#param = param;
    this.#options = options;
    this.#moment1 = owned.use(GpuTensor.zeros(gpu, shape, `${label}, moment 1`));
    this.#moment2 = owned.use(GpuTensor.zeros(gpu, shape, `${label}, moment 2`));
    this.#owned = owned.move();
  }

  /** Recorded steps. */
  get step(): number {
    return this.#step;
  }

  /**
   * Records one step, which updates the parameter in place.
   *
   * @param tensors.grad Gradient with respect to the parameter, of its shape; clipped in place if
   * configured.
   * @param tensors.norm Its norm, shape [1], from `encodeGradNorm`.
   */
  encode(
    pass: Pass,
    tensors: { readonly grad: GpuTensor; readonly norm: GpuTensor },
    { learningRate }: { readonly learningRate: number },
  ): void {
    const { grad, norm } = tensors;
    const options = this.#options;
    if (options.clipGrad) {
      encodeClipGradNorm(pass, { grad, norm }, { maxNorm: options.maxGradNorm });
    }
    encodeAdamw(
      pass,
      { grad, param: this.#param, moment1: this.#moment1, moment2: this.#moment2 },
      {
        step: this.#step + 1,
        learningRate,
        beta1: options.adamBeta1,
        beta2: options.adamBeta2,
        weightDecay: options.adamWeightDecay,
        epsilon: options.adamEpsilon,
      },
    );
    this.#step++;
  }

  /** Reads the state. */
  async readState(): Promise<AdamWState> {
    const step = this.#step;
    const [moment1, moment2] = await Promise.all([this.#moment1.read(), this.#moment2.read()]);
    return { step, moment1, moment2 };
  }

  /**
   * Restores a state.
   *
   * @throws {RangeError} If the step is not an integer, min 0.
   * @throws {TypeError} If the moments have another size than the parameter.
   */
  restore({ step, moment1, moment2 }: AdamWState): void {
    if (!Number.isInteger(step) || step < 0) {
      throw new RangeError(`Cannot restore AdamW: expected a step of 0 or more, got ${step}`);
    }
    this.#moment1.write(moment1);
    this.#moment2.write(moment2);
    this.#step = step;
  }

  /** Frees the moments; the parameter is borrowed. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
