import assert from "node:assert/strict";
import { preallocateMemory } from "../../../lib/patches/preallocated_memory.ts";

const { Memory } = WebAssembly;
const PAGE_BYTES = 65_536;
/** The memory of onnxruntime. */
const ORT_MEMORY = { initial: 256, maximum: 65_536, shared: true };

Deno.test("preallocateMemory() gives onnxruntime's memory all pages, and is then undone", () => {
  let isCreated = false;
  using _patch = preallocateMemory(() => isCreated = true);
  assert.notEqual(WebAssembly.Memory, Memory);
  const memory = new WebAssembly.Memory(ORT_MEMORY);
  assert(memory instanceof Memory);
  // 65,536 pages would be 2^32 bytes, which is no 32-bit integer.
  assert.equal(memory.buffer.byteLength, 65_535 * PAGE_BYTES);
  assert.deepEqual([WebAssembly.Memory, isCreated], [Memory, true]);
  assert.equal(new WebAssembly.Memory(ORT_MEMORY).buffer.byteLength, 256 * PAGE_BYTES);
});

Deno.test("preallocateMemory() does not change other memories", () => {
  using _patch = preallocateMemory(() => assert.fail());
  for (const descriptor of [{ initial: 2, maximum: 70, shared: true }, { initial: 256 }]) {
    const memory = new WebAssembly.Memory(descriptor);
    assert.equal(memory.buffer.byteLength, descriptor.initial * PAGE_BYTES);
  }
});

Deno.test("preallocateMemory() is undone when it is disposed of, and undoes nothing else", () => {
  const patch = preallocateMemory();
  patch[Symbol.dispose]();
  assert.equal(WebAssembly.Memory, Memory);
  // A later replacement by somebody else stays.
  const other = class extends Memory {};
  WebAssembly.Memory = other;
  patch[Symbol.dispose]();
  assert.equal(WebAssembly.Memory, other);
  WebAssembly.Memory = Memory;
});
