import assert from "node:assert/strict";
import { withWrittenBuffers } from "../../../../lib/onnx/patches/upload_via_write_buffer.ts";
import { gpuTest } from "../../../support/gpu_test.ts";

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
    `withWrittenBuffers() fills a buffer for ${name} when it is unmapped`,
    async ({ device }) => {
      const buffer = await withWrittenBuffers(device, () => {
        const mapped = device.createBuffer({ size: BYTES.length, usage, mappedAtCreation: true });
        new Uint8Array(mapped.getMappedRange()).set(BYTES);
        assert.throws(() => mapped.getMappedRange(8), /Cannot map a part of a buffer of 64 bytes/);
        mapped.unmap();
        // As without it: what is not mapped has no range.
        assert.throws(() => mapped.getMappedRange());
        return Promise.resolve(mapped);
      });
      assert.deepEqual(await read(device, buffer), BYTES);
      buffer.destroy();
    },
  );
}

gpuTest("withWrittenBuffers() gives the device its own createBuffer() back", async ({ device }) => {
  const { createBuffer } = device;
  await assert.rejects(withWrittenBuffers(device, () => Promise.reject(new Error("no memory"))));
  assert.equal(device.createBuffer, createBuffer);
  assert.ok(!Object.hasOwn(device, "createBuffer"));
});
