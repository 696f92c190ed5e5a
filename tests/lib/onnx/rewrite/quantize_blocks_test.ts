import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  BLOCK_SIZE,
  PlainBlocks,
  VectorBlocks,
  type WeightBits,
} from "../../../../lib/onnx/rewrite/quantize_blocks.ts";

/** Numbers in [0, 1) that repeat for a seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Blocks of many kinds: magnitudes from subnormal to large, zeros, equal magnitudes. */
function values(blocks: number, seed: number): Float32Array<ArrayBuffer> {
  const random = randomOf(seed);
  const data = new Float32Array(blocks * BLOCK_SIZE);
  for (let block = 0; block < blocks; block++) {
    const scale = 2 ** (Math.floor(random() * 41) - 25);
    for (let i = 0; i < BLOCK_SIZE; i++) {
      const kind = random();
      const value = (random() - 0.5) * 2 * scale;
      // Halves of levels lie on the border between two; 0.875 occurs with both signs.
      data[block * BLOCK_SIZE + i] = kind < 0.1
        ? -0
        : kind < 0.2
        ? Math.sign(value) * 0.875 * scale
        : kind < 0.3
        ? Math.round(value / scale * 16) / 16 * scale
        : value;
    }
    if (random() < 0.05) data.fill(random() < 0.5 ? 0 : -0, block * BLOCK_SIZE, (block + 1) * 32);
  }
  return data;
}

function check(data: Float16Array | Float32Array): void {
  const [vector, plain] = [new VectorBlocks(data), new PlainBlocks(new Float32Array(data))];
  const [found, expected] = [vector, plain].map((blocks) => {
    const extremes = new Float32Array(blocks.count);
    blocks.findExtremes(extremes);
    return extremes;
  });
  assert.deepEqual(found, expected);
  for (const bits of [4, 8] as WeightBits[]) {
    const scales = expected!.map((value) => Math.f16round(bits === 8 ? value / 127 : value / -8));
    for (const given of [scales, scales.map((scale) => scale * 1.37), new Float16Array(scales)]) {
      const [packed, wanted] = [vector, plain].map((blocks) => {
        const bytes = new Uint8Array(data.length * bits / 8);
        blocks.pack(given, bits, bytes);
        return bytes;
      });
      assert.deepEqual(packed, wanted);
    }
  }
}

Deno.test("VectorBlocks quantizes as PlainBlocks does, float16", () => {
  check(new Float16Array(values(5000, 1)));
  check(new Float16Array(values(1, 2)));
});

Deno.test("VectorBlocks quantizes as PlainBlocks does, float32", () => {
  check(values(5000, 3));
  check(values(2049, 4));
});

Deno.test("VectorBlocks quantizes very large and very small values as PlainBlocks does", () => {
  const ordinary = values(64, 7);
  for (const factor of [1e38 / 2 ** 15, 1e-30, 1e-42]) {
    const data = ordinary.map((value) => value * factor);
    const extremes = new Float32Array(64);
    new PlainBlocks(data).findExtremes(extremes);
    for (const bits of [4, 8] as WeightBits[]) {
      const scales = extremes.map((value) => bits === 8 ? Math.abs(value) / 127 : value / -8);
      const [packed, wanted] = [new VectorBlocks(data), new PlainBlocks(data)].map((blocks) => {
        const bytes = new Uint8Array(data.length * bits / 8);
        blocks.pack(scales, bits, bytes);
        return bytes;
      });
      assert.deepEqual(packed, wanted, `${factor}, ${bits} bits`);
    }
  }
});

Deno.test("VectorBlocks quantizes each pattern of float16 as PlainBlocks does", () => {
  const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  check(new Float16Array(patterns.buffer));
  // In any order, so that a block has all magnitudes.
  const random = randomOf(5);
  const mixed = [...patterns].filter((bits) => (bits & 0x7fff) < 0x7c00)
    .map((bits) => ({ bits, order: random() }))
    .toSorted((a, b) => a.order - b.order);
  check(new Float16Array(Uint16Array.from(mixed, ({ bits }) => bits).buffer));
});

Deno.test("VectorBlocks quantizes what is infinite or no number as PlainBlocks does", () => {
  for (const wrong of [NaN, Infinity, -Infinity]) {
    const data = values(4100, 6);
    data[77] = wrong;
    data[2050 * BLOCK_SIZE] = wrong;
    check(data);
    check(new Float16Array(data));
  }
});

/**
 * Prints the WebAssembly of a source, in hexadecimal. It is a separate program, so that the lock
 * file does not name the 7 MB of wabt: everybody would download them.
 */
const COMPILE = `import initializeWabt from "npm:wabt@1.0.37";
const wabt = await initializeWabt();
const module = wabt.parseWat("", await Deno.readTextFile(Deno.args[0]), { simd: true });
console.log(module.toBinary({}).buffer.toHex());`;

Deno.test("the WebAssembly is that of its source", async () => {
  const file = (name: string) =>
    fileURLToPath(
      new URL(`../../../../lib/onnx/rewrite/quantize_blocks.${name}`, import.meta.url),
    );
  const script = `data:application/typescript,${encodeURIComponent(COMPILE)}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-lock", "--no-config", "--no-check", "--no-prompt"],
      ...[`--allow-read=${file("wat")}`, script, file("wat")],
    ],
  });
  const { stdout, stderr } = await child.output();
  const compiled = new TextDecoder().decode(stdout).trim();
  const stored = await Deno.readFile(file("wasm"));
  assert.equal(compiled, stored.toHex(), new TextDecoder().decode(stderr));
});
