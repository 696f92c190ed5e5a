import type { GpuTensor } from "../gpu/tensor.ts";
import { checkSize } from "../gpu/check_size.ts";

/** Sides of a tensor of classes, such as logits [H, W, K]. */
export interface LogitShape {
  /** Number of pixels, H times W. */
  readonly pixels: number;
  /** Number of classes, K. */
  readonly classes: number;
}

/**
 * Returns the sides that tensors of shape [H, W, K] have in common.
 *
 * @param action What needs it, for the message, such as "encode softmax".
 * @throws {RangeError} If they have no values, or not as many.
 */
export function checkLogitShape(
  [first, ...others]: readonly [GpuTensor, ...GpuTensor[]],
  action: string,
): LogitShape {
  const classes = first.shape.at(-1) ?? 0;
  if (first.size === 0 || classes === 0) {
    throw new RangeError(
      `Cannot ${action}: expected "${first.label}" of shape [H, W, K], ` +
        `got [${first.shape.join(", ")}]`,
    );
  }
  for (const other of others) checkSize(other, first.size, action);
  return { pixels: first.size / classes, classes };
}

/**
 * Checks a temperature.
 *
 * @throws {RangeError} If it is not greater than 0.
 */
export function checkTau(tau: number, action: string): void {
  if (tau > 0 && Number.isFinite(tau)) return;
  throw new RangeError(`Cannot ${action}: tau must be greater than 0, got ${tau}`);
}
