import assert from "node:assert/strict";
import { withWholeMemory } from "../../../../lib/onnx/patches/preallocated_memory.ts";

const { Memory } = WebAssembly;
const PAGE_BYTES = 65_536;

Deno.test("withWholeMemory() gives shared memories all their pages at once", async () => {
  await withWholeMemory(async () => {
    const shared = new WebAssembly.Memory({ initial: 2, maximum: 70, shared: true });
    const own = new WebAssembly.Memory({ initial: 2, maximum: 70 });
    assert(shared instanceof Memory);
    assert.equal(shared.buffer.byteLength, 70 * PAGE_BYTES);
    assert.equal(own.buffer.byteLength, 2 * PAGE_BYTES);
    // 65,536 pages would be 2^32 bytes, which 32 bits cannot say.
    const largest = new WebAssembly.Memory({ initial: 2, maximum: 65_536, shared: true });
    assert(largest.buffer.byteLength < 2 ** 32);
    await Promise.resolve();
  });
});

Deno.test("withWholeMemory() puts everything back, after errors and overlapping loads too", async () => {
  await assert.rejects(withWholeMemory(() => Promise.reject(new Error("no"))), /no/);
  assert.equal(WebAssembly.Memory, Memory);
  const first = Promise.withResolvers<void>(), second = Promise.withResolvers<void>();
  const loads = [withWholeMemory(() => first.promise), withWholeMemory(() => second.promise)];
  first.resolve();
  await loads[0];
  assert.notEqual(WebAssembly.Memory, Memory);
  second.resolve();
  await loads[1];
  assert.equal(WebAssembly.Memory, Memory);
});
