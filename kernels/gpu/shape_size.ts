/** Returns the number of values of a tensor: the product of its dimensions, 1 for a scalar. */
export function shapeSize(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
