/**
 * Creates a buffer that looks mapped and is filled by `GPUQueue.writeBuffer` when it is unmapped.
 *
 * onnxruntime uploads weights through buffers that are mapped at creation. If the driver puts them
 * into the memory of the GPU, `getMappedRange` is slow: 1.2 s for 32 MB on an H100, where
 * `writeBuffer` takes 0.02 s (Deno 2.9.6). Here the mapped range is an array in host memory.
 *
 * @param descriptor A buffer with `mappedAtCreation`.
 */
export function createUploadBuffer(
  device: GPUDevice,
  descriptor: GPUBufferDescriptor,
): GPUBuffer {
  const { MAP_WRITE, COPY_DST } = GPUBufferUsage;
  const usage = descriptor.usage & ~MAP_WRITE | COPY_DST;
  const buffer = device.createBuffer({ ...descriptor, usage, mappedAtCreation: false });
  const content = new ArrayBuffer(buffer.size);
  buffer.getMappedRange = (offset = 0, size = content.byteLength - offset) => {
    if (offset === 0 && size === content.byteLength) return content;
    throw new RangeError(
      `Cannot map a part of a buffer of ${content.byteLength} bytes: expected all of it, ` +
        `got ${size} bytes from ${offset} on`,
    );
  };
  buffer.unmap = () => {
    Reflect.deleteProperty(buffer, "getMappedRange");
    Reflect.deleteProperty(buffer, "unmap");
    device.queue.writeBuffer(buffer, 0, content);
    // Detached, like a mapped range: its memory is freed now, not with the next garbage collection.
    content.transfer(0);
  };
  return buffer;
}
