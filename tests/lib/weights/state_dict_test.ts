import assert from "node:assert/strict";
import { type ByteSource, memorySource } from "../../../lib/weights/byte_source.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { SafetensorsError } from "../../../lib/weights/safetensors.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import type { WeightEntry } from "../../../lib/weights/weight_source.ts";
import { bytesOf, type RawTensor, writeTensors } from "./write_raw.ts";

const f32 = (...values: number[]): RawTensor => ({
  dtype: "F32",
  shape: [values.length],
  bytes: bytesOf(Float32Array.from(values)),
});

/** A folder in memory that counts the sources that are open. */
class MemoryFolder implements ModelFolder {
  readonly location = "memory";
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>;
  open = 0;

  constructor(files: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>) {
    this.files = files;
  }

  has(path: string): Promise<boolean> {
    return Promise.resolve(path in this.files);
  }

  text(path: string): Promise<string> {
    return Promise.resolve(this.files[path] as string);
  }

  source(path: string): Promise<ByteSource> {
    const bytes = this.files[path];
    if (!(bytes instanceof Uint8Array)) return Promise.reject(new Error(`no file ${path}`));
    this.open++;
    return Promise.resolve({ ...memorySource(bytes, path), close: () => void this.open-- });
  }
}

const floats = (entry: WeightEntry, start?: number, count?: number) => [
  ...new Float32Array(entry.read("float32", start, count).slice().buffer),
];

Deno.test("StateDict.open() reads one file and closes it", async () => {
  const file = writeTensors({ "down.0.weight": f32(1, 2, 3), "down.1.bias": f32(4) });
  const folder = new MemoryFolder({ "unet/diffusion_pytorch_model.safetensors": file });
  {
    using weights = await StateDict.open(folder, "unet");
    assert.deepEqual(weights.keys(), ["down.0.weight", "down.1.bias"]);
    assert.equal(weights.has("down.1.bias"), true);
    assert.equal(weights.has("down.1"), false);
    assert.equal(weights.hasPrefix("down.1"), true);
    assert.equal(weights.hasPrefix("down.1.bias"), true);
    assert.equal(weights.hasPrefix("down.1.bi"), false);
    assert.deepEqual(floats(weights.get("down.0.weight")), [1, 2, 3]);
    assert.deepEqual(floats(weights.get("down.0.weight"), 1, 1), [2]);
    assert.throws(() => weights.get("down.0.weight").read("float32", 2, 2), /expected a range/);
    assert.throws(() => weights.get("up"), /Cannot find weight "up" in "memory\/unet\//);
    assert.equal(folder.open, 1);
  }
  assert.equal(folder.open, 0);
});

Deno.test("StateDict.open() takes the variant that is preferred, or the one that is there", async () => {
  const folder = new MemoryFolder({
    "unet/diffusion_pytorch_model.safetensors": writeTensors({ full: f32(1) }),
    "unet/diffusion_pytorch_model.fp16.safetensors": writeTensors({ half: f32(1) }),
    "vae/diffusion_pytorch_model.fp16.safetensors": writeTensors({ half: f32(1) }),
    "model.safetensors": writeTensors({ root: f32(1) }),
  });
  const keys = async (subfolder: string, prefer?: "float16") => {
    using weights = await StateDict.open(folder, subfolder, prefer ? { prefer } : {});
    return weights.keys();
  };
  assert.deepEqual(await keys("unet"), ["full"]);
  assert.deepEqual(await keys("unet", "float16"), ["half"]);
  assert.deepEqual(await keys("vae"), ["half"]);
  assert.deepEqual(await keys(""), ["root"]);
});

Deno.test("StateDict.open() prefers the wanted precision in shards to the other in one file", async () => {
  const folder = new MemoryFolder({
    "unet/diffusion_pytorch_model.safetensors": writeTensors({ full: f32(1) }),
    "unet/diffusion_pytorch_model.fp16.safetensors.index.json":
      `{"weight_map":{"half":"s.safetensors"}}`,
    "unet/s.safetensors": writeTensors({ half: f32(1) }),
  });
  using half = await StateDict.open(folder, "unet", { prefer: "float16" });
  assert.deepEqual(half.keys(), ["half"]);
  using full = await StateDict.open(folder, "unet", { prefer: "float32" });
  assert.deepEqual(full.keys(), ["full"]);
});

Deno.test("StateDict.open() joins the shards that an index names", async () => {
  for (const index of ["model.safetensors.index.json", "model.safetensors.index.fp16.json"]) {
    const folder = new MemoryFolder({
      [`text/${index}`]: JSON.stringify({
        metadata: {},
        weight_map: { a: "s-1.safetensors", b: "s-2.safetensors", c: "s-1.safetensors" },
      }),
      "text/s-1.safetensors": writeTensors({ a: f32(1), c: f32(3) }),
      "text/s-2.safetensors": writeTensors({ b: f32(2) }),
    });
    using weights = await StateDict.open(folder, "text");
    assert.deepEqual(weights.keys(), ["a", "c", "b"]);
    assert.deepEqual(floats(weights.get("b")), [2]);
  }
});

const BROKEN: Readonly<Record<string, [Record<string, Uint8Array<ArrayBuffer> | string>, RegExp]>> =
  {
    "without weights": [{}, /Cannot find weights in "memory\/x": expected diffusion_pytorch_model/],
    "with a pickle": [
      { "x/pytorch_model.bin": "" },
      /expected safetensors, got a pickle, which can run code/,
    ],
    "whose index is not JSON": [{ "x/model.safetensors.index.json": "{" }, /it is not JSON/],
    "whose index has no map": [
      { "x/model.safetensors.index.json": "{}" },
      /expected an object "weight_map"/,
    ],
    "whose index leads out of it": [
      { "x/model.safetensors.index.json": `{"weight_map":{"a":"../a.safetensors"}}` },
      /expected the name of a .safetensors file for "a", got "..\/a.safetensors"/,
    ],
    "whose index names too many shards": [
      {
        "x/model.safetensors.index.json": JSON.stringify({
          weight_map: Object.fromEntries(
            Array.from({ length: 501 }, (_, i) => [`a${i}`, `s${i}.safetensors`]),
          ),
        }),
      },
      /expected at most 500 shards, got 501$/,
    ],
    "whose shards lack a weight": [
      {
        "x/model.safetensors.index.json":
          `{"weight_map":{"a":"s.safetensors","b":"s.safetensors"}}`,
        "x/s.safetensors": writeTensors({ a: f32(1) }),
      },
      /Cannot find weight "b" in the shards of "memory\/x\/model/,
    ],
    "whose shards have a weight twice": [
      {
        "x/model.safetensors.index.json":
          `{"weight_map":{"a":"s.safetensors","b":"t.safetensors"}}`,
        "x/s.safetensors": writeTensors({ a: f32(1) }),
        "x/t.safetensors": writeTensors({ a: f32(1), b: f32(1) }),
      },
      /tensor "a" is also in "x\/s.safetensors"/,
    ],
  };

for (const [name, [files, message]] of Object.entries(BROKEN)) {
  Deno.test(`StateDict.open() refuses a folder ${name}`, async () => {
    const folder = new MemoryFolder(files);
    await assert.rejects(StateDict.open(folder, "x"), message);
    assert.equal(folder.open, 0);
  });
}

const quantized = (shape: number[], scales: RawTensor) => ({
  "a.weight": { dtype: "I8", shape, bytes: bytesOf(Int8Array.of(1, -2, 3, 4, 5, -128)) } as const,
  "a.weight_scale": scales,
  "b_scale": f32(7),
});

Deno.test("StateDict dequantizes 8-bit weights and hides their scales", () => {
  const halves = { dtype: "F16", shape: [2], bytes: bytesOf(Float16Array.of(0.5, 0.25)) } as const;
  for (const scales of [f32(0.5, 0.25), halves]) {
    const source = memorySource(writeTensors(quantized([2, 3], scales)), "q.safetensors");
    using weights = StateDict.fromSources([source]);
    assert.deepEqual(weights.keys(), ["a.weight", "b_scale"]);
    assert.deepEqual(floats(weights.get("a.weight")), [0.5, -1, 1.5, 1, 1.25, -32]);
    assert.deepEqual(floats(weights.get("a.weight"), 2, 2), [1.5, 1]);
    const half = new Float16Array(weights.get("a.weight").read("float16", 4).slice().buffer);
    assert.deepEqual([...half], [1.25, -32]);
  }
});

Deno.test("StateDict refuses scales that do not fit the weight", () => {
  const source = memorySource(writeTensors(quantized([3, 2], f32(1, 2))), "q.safetensors");
  assert.throws(
    () => StateDict.fromSources([source]),
    (error) =>
      error instanceof SafetensorsError &&
      /tensor "a.weight_scale": expected scales F32 or F16 \[3\], got F32 \[2\]/.test(
        error.message,
      ),
  );
});
