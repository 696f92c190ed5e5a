import assert from "node:assert/strict";
import { createUploadBuffer } from "../../../lib/patches/upload_via_write_buffer.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const BYTES = Uint8Array.from({ length: 64 }, (_, i) => 7 * i);
const { COPY_DST, COPY_SRC, MAP_READ, MAP_WRITE, STORAGE } = GPUBufferUsage;

/** Copies a buffer to where the program can read it. */
async function read(device: GPUDevice, buffer: GPUBuffer): Promise<Uint8Array> {
  const { size } = buffer;
  const copy = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const bytes = new Uint8Array(copy.getMappedRange()).slice();
  copy.destroy();
  return bytes;
}

for (
  const [name, usage] of [
    ["storage", STORAGE | COPY_SRC],
    ["upload", MAP_WRITE | COPY_SRC],
  ] as const
) {
  gpuTest(
    `createUploadBuffer() fills a buffer for ${name} when it is unmapped`,
    async ({ device }) => {
      const { createBuffer } = device;
      const descriptor = { size: BYTES.length, usage, mappedAtCreation: true };
      const buffer = createUploadBuffer(device, descriptor);
      new Uint8Array(buffer.getMappedRange()).set(BYTES);
      assert.throws(() => buffer.getMappedRange(8), /Cannot map a part of a buffer of 64 bytes/);
      buffer.unmap();
      // The buffer is like any other again: it has no mapped range.
      assert.throws(() => buffer.getMappedRange());
      assert.deepEqual([Object.keys(buffer), device.createBuffer], [[], createBuffer]);
      assert.deepEqual(await read(device, buffer), BYTES);
      buffer.destroy();
    },
  );
}
