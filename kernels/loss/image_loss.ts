import { checkShape } from "../gpu/check_shape.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";

/** Tensors of a loss of an image. */
export interface ImageLossTensors {
  /** sRGB in [0, 1], shape [H, W, 3]. */
  readonly image: GpuTensor;
  /** The loss, shape [1]; overwritten. */
  readonly loss: GpuTensor;
  /** Gradient of the loss with respect to `image`, shape [H, W, 3]; overwritten. */
  readonly gradImage: GpuTensor;
}

/** A loss of an image, with its scratch tensors. The creator disposes of it. */
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
 * Checks the shapes of the tensors of a loss.
 *
 * @param size Size of the image, in pixels.
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
