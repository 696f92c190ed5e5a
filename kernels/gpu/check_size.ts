import type { GpuTensor } from "./tensor.ts";

/**
 * Checks the number of values of a tensor; a shader would read and write past its end silently.
 *
 * @param action What needs it, for the message, such as "encode softmax".
 * @throws {RangeError} If it has another size.
 */
export function checkSize(tensor: GpuTensor, size: number, action: string): void {
  if (tensor.size === size) return;
  throw new RangeError(
    `Cannot ${action}: expected "${tensor.label}" of ${size} values, ` +
      `got [${tensor.shape.join(", ")}]`,
  );
}
