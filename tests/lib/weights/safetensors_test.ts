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

Deno.test("readSafetensorsHeader() reads large metadata in time", () => {
  const note = 'with "quotes", \\ and {} '.repeat(1_000_000);
  const header = JSON.stringify({ __metadata__: { note } });
  const start = performance.now();
  assert.equal(read(writeRaw(header)).metadata["note"], note);
  assert.equal(performance.now() - start < 5000, true);
});

Deno.test("readSafetensorsHeader() takes a header whose length looks like a letter", () => {
  const header = "{}".padEnd("<".charCodeAt(0));
  assert.equal(read(writeRaw(header)).tensors.size, 0);
});

Deno.test("readSafetensorsHeader() accepts a file without tensors", () => {
  assert.equal(read(writeRaw("{}")).tensors.size, 0);
});

const entry = (offsets: string, parts = `"dtype":"F32","shape":[1]`) =>
  `{${parts},"data_offsets":${offsets}}`;

const text = (content: string) => new TextEncoder().encode(content);

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
    /duplicate name "a"/,
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
  "with a negative dimension": [
    writeRaw(`{"a":${entry("[0,4]", `"dtype":"F32","shape":[-1]`)}}`, new Uint8Array(4)),
    /tensor "a": expected a shape of at most 8 integers from 0 to 2147483647, got \[-1\]/,
  ],
  "with a fractional dimension": [
    writeRaw(`{"a":${entry("[0,4]", `"dtype":"F32","shape":[0.5,2]`)}}`, new Uint8Array(4)),
    /tensor "a": expected a shape of at most 8 integers .*, got \[0.5,2\]/,
  ],
  "with a dimension that nothing has": [
    writeRaw(`{"a":${entry("[0,0]", `"dtype":"F32","shape":[0,4294967296]`)}}`),
    /tensor "a": expected a shape of at most 8 integers .*, got \[0,4294967296\]/,
  ],
  "with a million dimensions": [
    writeRaw(
      `{"a":${entry("[0,4]", `"dtype":"F32","shape":[${"1,".repeat(999_999)}1]`)}}`,
      new Uint8Array(4),
    ),
    /tensor "a": expected a shape of at most 8 integers .*, got \[1,1,1(,1)+,?…$/,
  ],
  "with a name of a million characters": [
    writeRaw(`{"${"a".repeat(1_000_000)}":${entry("[0,4]")}}`, new Uint8Array(4)),
    /tensor "a{100}…": expected a name of at most 1000 characters, got 1000000$/,
  ],
  "with a million levels": [
    writeRaw(`{"a":`.repeat(1_000_000)),
    /its header is not valid: expected at most 8 levels, got more$/,
  ],
  "with more tensors than a model has": [
    writeRaw(`{${Array.from({ length: 100_002 }, (_, i) => `"${i}":0`).join(",")}}`),
    /expected at most 100001 names, got more$/,
  ],
  "with metadata that has a name twice": [
    writeRaw(`{"__metadata__":{"a":"1","b":"2","a":"3"}}`),
    /duplicate name "a"/,
  ],
  "that is a Git LFS pointer": [
    text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    /it is a Git LFS pointer; download the file with "git lfs pull"$/,
  ],
  "that is a web page": [text("<!DOCTYPE html><title>Sign in</title>"), /it is a web page$/],
  "that is a pickle of PyTorch": [text("PK\x03\x04archive/data.pkl"), /it is a zip archive, such/],
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
