import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";

/** What a loss of a picture reads and writes. */
export interface ImageLossTensors {
  /** The picture, shape [H, W, 3]. */
  readonly image: GpuTensor;
  /** Gets the loss, shape [1]. */
  readonly loss: GpuTensor;
  /** Gets the gradient of the loss with respect to `image`, shape [H, W, 3]. */
  readonly gradImage: GpuTensor;
}

/** A loss of a picture, with the scratch that it needs. Who creates it disposes of it. */
export interface ImageLoss extends Disposable {
  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ImageLossTensors): void;
}

/** Norm of a loss: the mean of magnitudes, or of squares. */
export type LossMode = "l1" | "l2";

/**
 * Checks the shapes of what a loss reads and writes.
 *
 * @param size Sides of the picture, in pixels.
 * @param action What needs them, for the message, such as "encode the FFT loss".
 * @throws {RangeError} If one differs.
 */
export function checkImageLoss(
  { image, loss, gradImage }: ImageLossTensors,
  { height, width }: { readonly height: number; readonly width: number },
  action: string,
): void {
  checkShape(image, [height, width, 3], action);
  checkShape(gradImage, [height, width, 3], action);
  checkShape(loss, [1], action);
}

function checkShape(
  { label, shape }: GpuTensor,
  expected: readonly number[],
  action: string,
): void {
  if (shape.join() === expected.join()) return;
  throw new RangeError(
    `Cannot ${action}: expected "${label}" of shape [${expected.join(", ")}], ` +
      `got [${shape.join(", ")}]`,
  );
}
