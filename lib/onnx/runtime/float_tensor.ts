import type { HostTensor } from "./feeds.ts";

/** A tensor of float32 values in host memory. */
export interface FloatTensor extends HostTensor {
  /** Values, row-major: the last dimension varies fastest. */
  readonly data: Float32Array;
}

/**
 * Returns the values of a tensor of float32.
 *
 * @throws {TypeError} If it has another type.
 */
export function floatsOf(tensor: HostTensor): Float32Array {
  return asFloatTensor(tensor).data;
}

/**
 * Returns a tensor as one of float32.
 *
 * @throws {TypeError} If it has another type.
 */
export function asFloatTensor({ data, shape }: HostTensor): FloatTensor {
  if (data instanceof Float32Array) return { data, shape };
  throw new TypeError("Cannot use a tensor of integers: expected float32");
}
