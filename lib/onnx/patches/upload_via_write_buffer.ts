/**
 * Does work in which buffers that are mapped when they are created get their content by
 * `GPUQueue.writeBuffer` instead.
 *
 * onnxruntime brings weights to the GPU through such buffers. Where the driver puts them into the GPU's
 * own memory, `getMappedRange` is very slow: on an H100 it took 1.2 s for 32 MB, and writing them 0.02
 * s (Deno 2.9.6). Here the range is an array in the memory of the program, and
 * `unmap` writes it.
 *
 * @param device Gets its own `createBuffer` back when the work has ended.
 */
export async function withWrittenBuffers<T>(
  device: GPUDevice,
  work: () => Promise<T>,
): Promise<T> {
  const { createBuffer } = device;
  // For this device only, until it is deleted again.
  device.createBuffer = (descriptor) => {
    if (!descriptor.mappedAtCreation) return createBuffer.call(device, descriptor);
    const { MAP_WRITE, COPY_DST } = GPUBufferUsage;
    const usage = descriptor.usage & ~MAP_WRITE | COPY_DST;
    const buffer = createBuffer.call(device, { ...descriptor, usage, mappedAtCreation: false });
    return fill(device, buffer);
  };
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(device, "createBuffer");
  }
}

/** Lets a buffer look as if it were mapped until it is unmapped. */
function fill(device: GPUDevice, buffer: GPUBuffer): GPUBuffer {
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
    // Detached, as what was mapped is: its memory is free at once, not when garbage is collected.
    content.transfer(0);
  };
  return buffer;
}
