/** Irregular values in [-1, 1]; the same ones for the same size. */
export function noise(size: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * i * i + 3));
}

/** An image of irregular values in [0, 1], shape [H, W, 3]. */
export function noiseImage(height: number, width: number) {
  const size = 3 * height * width;
  const data = Float32Array.from({ length: size }, (_, i) => {
    return 0.5 + 0.5 * Math.sin(12.9898 * i * i + 3);
  });
  return { data, shape: [height, width, 3] };
}
