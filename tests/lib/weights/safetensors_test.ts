import assert from "node:assert/strict";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { readSafetensorsHeader, SafetensorsError } from "../../../lib/weights/safetensors.ts";
import { bytesOf, writeRaw, writeTensors } from "./write_raw.ts";

const read = (file: Uint8Array<ArrayBuffer>) =>
  readSafetensorsHeader(memorySource(file, "test.safetensors"));

Deno.test("readSafetensorsHeader() finds tensors, shapes and metadata", () => {
  const header = `{"__metadata__":{"format":"pt"},` +
    `"a":{"dtype":"F32","shape":[2],"data_offsets":[2,10]},` +
    `"b \\"x\\"":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}   `;
  const { tensors, metadata } = read(writeRaw(header, new Uint8Array(10)));
  assert.deepEqual([...tensors.keys()], ["a", 'b "x"']);
  assert.deepEqual(metadata, { format: "pt" });
  assert.deepEqual(tensors.get("a"), {
    name: "a",
    dtype: "F32",
    shape: [2],
    offset: 8 + header.length + 2,
    byteLength: 8,
  });
});

Deno.test("readSafetensorsHeader() accepts a file without tensors", () => {
  assert.equal(read(writeRaw("{}")).tensors.size, 0);
});

const entry = (offsets: string, parts = `"dtype":"F32","shape":[1]`) =>
  `{${parts},"data_offsets":${offsets}}`;

const BROKEN: Readonly<Record<string, [file: Uint8Array<ArrayBuffer>, message: RegExp]>> = {
  "that is too short": [new Uint8Array(5), /expected at least 8 bytes, got 5/],
  "with a header longer than itself": [
    writeRaw(`{"a":${entry("[0,4]")}}`).subarray(0, 20),
    /expected a header of at most 12 bytes/,
  ],
  "whose header is not JSON": [writeRaw("{a"), /its header is not JSON/],
  "whose header is a list": [writeRaw("[]"), /not a JSON object/],
  "whose header is not UTF-8": [
    Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe),
    /its header is not JSON/,
  ],
  "with a name that is there twice": [
    writeRaw(`{"a":${entry("[0,4]")},"\\u0061":${entry("[4,8]")}}`, new Uint8Array(8)),
    /the name "a" is there twice/,
  ],
  "with metadata that is not text": [
    writeRaw(`{"__metadata__":{"step":3}}`),
    /"__metadata__" is not an object of texts/,
  ],
  "with an unknown type": [
    writeRaw(`{"a":${entry("[0,4]", `"dtype":"F33","shape":[1]`)}}`, new Uint8Array(4)),
    /tensor "a": expected a type among F64, .*, got "F33"/,
  ],
  "with a type of the language": [
    writeRaw(`{"a":${entry("[0,4]", `"dtype":"toString","shape":[1]`)}}`, new Uint8Array(4)),
    /got "toString"/,
  ],
  "with a negative side": [
    writeRaw(`{"a":${entry("[0,4]", `"dtype":"F32","shape":[-1]`)}}`, new Uint8Array(4)),
    /tensor "a": expected a shape of integers >= 0, got \[-1\]/,
  ],
  "with a fractional offset": [
    writeRaw(`{"a":${entry("[0.5,4.5]")}}`, new Uint8Array(8)),
    /expected two offsets >= 0/,
  ],
  "whose shape and offsets differ": [
    writeRaw(`{"a":${entry("[0,8]")}}`, new Uint8Array(8)),
    /tensor "a": expected 4 bytes for F32 \[1\], got 8/,
  ],
  "whose offsets are exchanged": [
    writeRaw(`{"a":${entry("[4,0]")}}`, new Uint8Array(8)),
    /expected 4 bytes for F32 \[1\], got -4/,
  ],
  "with overlapping tensors": [
    writeRaw(`{"a":${entry("[0,4]")},"b":${entry("[2,6]")}}`, new Uint8Array(6)),
    /tensor "b" overlaps tensor "a"/,
  ],
  "with a hole": [
    writeRaw(`{"a":${entry("[4,8]")}}`, new Uint8Array(8)),
    /tensor "a" leaves 4 unused bytes before it/,
  ],
  "that is cut off": [
    writeRaw(`{"a":${entry("[0,4]")}}`, new Uint8Array(3)),
    /tensor "a" lies outside the file: .* \(the file may be cut off\)/,
  ],
  "with bytes after its tensors": [
    writeRaw(`{"a":${entry("[0,4]")}}`, new Uint8Array(5)),
    /1 bytes at its end belong to no tensor/,
  ],
};

for (const [name, [file, message]] of Object.entries(BROKEN)) {
  Deno.test(`readSafetensorsHeader() refuses a file ${name}`, () => {
    assert.throws(() => read(file), (error) => {
      assert.ok(error instanceof SafetensorsError);
      assert.equal(error.file, "test.safetensors");
      assert.match(error.message, /^Cannot read "test.safetensors" as safetensors: /);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("readSafetensorsHeader() knows the sizes of all types", () => {
  const sizes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I8: 1, U8: 1, BOOL: 1 } as const;
  for (const [dtype, size] of Object.entries(sizes)) {
    const tensor = {
      dtype: dtype as keyof typeof sizes,
      shape: [3],
      bytes: new Uint8Array(3 * size),
    };
    assert.equal(read(writeTensors({ a: tensor })).tensors.get("a")!.byteLength, 3 * size);
  }
  assert.equal(bytesOf(new Float32Array(2)).length, 8);
});
