import type { TrainingConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ClassLoss, ClassLossSize } from "../../kernels/loss/class_loss.ts";
import { LoosePartsLoss } from "../../kernels/loss/loose_parts.ts";
import { OrphanLoss } from "../../kernels/loss/orphans.ts";
import { PottsLoss } from "../../kernels/loss/potts.ts";
import { encodeAddScaled } from "../../kernels/optimizer/add_scaled.ts";

/** A loss of the class probabilities, times its factor. */
export interface ScaledClassLoss extends Disposable {
  /** Name in reports, such as "potts". */
  readonly name: string;
  /**
   * Records the loss, and adds its gradient times the factor of the loss.
   *
   * @param tensors `probs` and `gradProbs`, each of shape [H, W, K]; `gradProbs` accumulates.
   */
  encode(
    pass: Pass,
    tensors: { readonly probs: GpuTensor; readonly gradProbs: GpuTensor },
  ): void;
  /** Reads the last loss, times its factor. */
  read(): Promise<number>;
}

/** What a loss of the class probabilities is made for. */
interface ClassLossOptions extends ClassLossSize {
  /** Whether the last class is the transparent one. */
  readonly transparent: boolean;
  readonly training: TrainingConfig;
}

/** How a loss of the class probabilities is made. */
interface ClassLossEntry {
  /** The loss is made if this key is above 0. */
  readonly factor: "pottsScale" | "orphanScale" | "looseScale";
  /** Creates the loss; undefined if it cannot be above 0. */
  create(gpu: Gpu, options: ClassLossOptions): ClassLoss | undefined;
}

/** All losses of the class probabilities by their names in reports. A new one is one entry. */
export const CLASS_LOSSES: Readonly<Record<string, ClassLossEntry>> = {
  potts: {
    factor: "pottsScale",
    create: (gpu, { training: { pottsDown: down }, ...size }) =>
      PottsLoss.create(gpu, { ...size, down }),
  },
  orphan: {
    factor: "orphanScale",
    create: (gpu, { transparent, ...size }) =>
      OrphanLoss.create(gpu, { ...size, counted: size.classes - (transparent ? 1 : 0) }),
  },
  loose: {
    factor: "looseScale",
    // Without transparent pixels all hold together.
    create: (gpu, { transparent, ...size }) =>
      transparent ? LoosePartsLoss.create(gpu, size) : undefined,
  },
};

/** Creates the losses whose factor is above 0; the caller owns them. */
export function createClassLosses(
  gpu: Gpu,
  { height, width, classes, transparent, training }: ClassLossOptions,
): ScaledClassLoss[] {
  const options = { height, width, classes, transparent, training };
  using owned = new DisposableStack();
  const created = Object.entries(CLASS_LOSSES).flatMap(([name, { factor, create }]) => {
    const scale = training[factor];
    const loss = scale > 0 ? create(gpu, options) : undefined;
    if (loss === undefined) return [];
    return [owned.use(new ClassLossWithFactor(gpu, { name, size: options, scale, loss }))];
  });
  // All are created: the caller owns them.
  owned.move();
  return created;
}

/** A loss with its factor; it owns the loss. */
class ClassLossWithFactor implements ScaledClassLoss {
  readonly name: string;
  readonly #scale: number;
  readonly #classLoss: ClassLoss;
  readonly #loss: GpuTensor;
  readonly #gradProbs: GpuTensor;
  readonly #owned: DisposableStack;

  constructor(gpu: Gpu, { name, size: { height, width, classes }, scale, loss }: {
    readonly name: string;
    readonly size: ClassLossSize;
    readonly scale: number;
    readonly loss: ClassLoss;
  }) {
    using owned = new DisposableStack();
    this.name = name;
    this.#scale = scale;
    this.#classLoss = owned.use(loss);
    this.#loss = owned.use(GpuTensor.zeros(gpu, [1], `${name} loss`));
    const shape = [height, width, classes];
    this.#gradProbs = owned.use(GpuTensor.zeros(gpu, shape, `gradient of ${name} loss`));
    this.#owned = owned.move();
  }

  encode(
    pass: Pass,
    { probs, gradProbs }: { readonly probs: GpuTensor; readonly gradProbs: GpuTensor },
  ): void {
    this.#classLoss.encode(pass, { probs, loss: this.#loss, gradProbs: this.#gradProbs });
    encodeAddScaled(pass, { x: this.#gradProbs, y: gradProbs }, { scale: this.#scale });
  }

  async read(): Promise<number> {
    const [loss] = await this.#loss.read();
    return this.#scale * loss!;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
