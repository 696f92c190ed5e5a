import { checkShape } from "../gpu/check_shape.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";

/** Tensors of a loss of class probabilities. */
export interface ClassLossTensors {
  /** Probabilities of the classes of each pixel, shape [H, W, K]. */
  readonly probs: GpuTensor;
  /** The loss, shape [1]; overwritten. */
  readonly loss: GpuTensor;
  /** Gradient of the loss with respect to `probs`, shape [H, W, K]; overwritten. */
  readonly gradProbs: GpuTensor;
}

/**
 * A loss of class probabilities, with its scratch tensors. The creator disposes of it.
 *
 * The losses count something in a picture. Their value is the expected count, as a mean over pixels
 * or pairs, if the pixels draw their classes independently. With probabilities of 0 and 1 it is the
 * count itself.
 */
export interface ClassLoss extends Disposable {
  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ClassLossTensors): void;
}

/** Size of the tensors of a {@linkcode ClassLoss}. */
export interface ClassLossSize {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Number of classes, K. */
  readonly classes: number;
}

/**
 * Checks the shapes of the tensors of a loss.
 *
 * @param action What needs them, for the message, such as "encode the Potts loss".
 * @throws {RangeError} If one differs.
 */
export function checkClassLoss(
  { probs, loss, gradProbs }: ClassLossTensors,
  { height, width, classes }: ClassLossSize,
  action: string,
): void {
  checkShape(probs, [height, width, classes], action);
  checkShape(gradProbs, [height, width, classes], action);
  checkShape(loss, [1], action);
}
