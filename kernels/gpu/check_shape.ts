import type { GpuTensor } from "./tensor.ts";

/**
 * Checks the number of values of a tensor. A shader would read and write past its end silently.
 *
 * @param action What needs it, for the message, such as "encode softmax".
 * @throws {RangeError} If the number differs.
 */
export function checkSize(tensor: GpuTensor, size: number, action: string): void {
  if (tensor.size === size) return;
  throw new RangeError(
    `Cannot ${action}: expected "${tensor.label}" of ${size} values, ` +
      `got [${tensor.shape.join(", ")}]`,
  );
}

/**
 * Checks the shape of a tensor.
 *
 * @param expected Dimensions, outermost first. A name, such as "H", stands for any of 1 or more.
 * @param action What needs it, for the message, such as "encode resize".
 * @throws {RangeError} If the shape differs.
 */
export function checkShape(
  { label, shape }: GpuTensor,
  expected: readonly (number | string)[],
  action: string,
): void {
  const fits = shape.length === expected.length &&
    expected.every((dimension, i) =>
      typeof dimension === "string" ? shape[i]! >= 1 : shape[i] === dimension
    );
  if (fits) return;
  throw new RangeError(
    `Cannot ${action}: expected "${label}" of shape [${expected.join(", ")}], ` +
      `got [${shape.join(", ")}]`,
  );
}
