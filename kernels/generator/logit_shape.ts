import type { GpuTensor } from "../gpu/tensor.ts";
import { checkSize } from "../gpu/check_shape.ts";

/** Size of a tensor of shape [H, W, K], such as logits. */
export interface LogitShape {
  /** Number of pixels, H times W. */
  readonly pixels: number;
  /** Number of classes, K. */
  readonly classes: number;
}

/**
 * Returns the common size of tensors of shape [H, W, K].
 *
 * @param action What needs it, for the message, such as "encode softmax".
 * @throws {RangeError} If the first has no values, or another size than the others.
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
 * @param action What needs it, for the message.
 * @throws {RangeError} If it is not above 0 and finite.
 */
export function checkTau(tau: number, action: string): void {
  if (tau > 0 && Number.isFinite(tau)) return;
  throw new RangeError(`Cannot ${action}: expected tau above 0, got ${tau}`);
}
