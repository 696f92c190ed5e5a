import assert from "node:assert/strict";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { convertFloats } from "../../../lib/weights/float16.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { bytesOf, type RawTensor, writeTensors } from "./write_raw.ts";

/**
 * Values of all 256 patterns as bfloat16, in which they are exact: four hexadecimal digits each.
 *
 * Source: ml_dtypes 0.6.0, `float8_e4m3fn` and `float8_e5m2`, converted to float32.
 */
const PUBLISHED = {
  F8_E4M3: [
    "00003b003b803bc03c003c203c403c603c803c903ca03cb03cc03cd03ce03cf03d003d103d203d303d403d50",
    "3d603d703d803d903da03db03dc03dd03de03df03e003e103e203e303e403e503e603e703e803e903ea03eb0",
    "3ec03ed03ee03ef03f003f103f203f303f403f503f603f703f803f903fa03fb03fc03fd03fe03ff040004010",
    "4020403040404050406040704080409040a040b040c040d040e040f041004110412041304140415041604170",
    "4180419041a041b041c041d041e041f0420042104220423042404250426042704280429042a042b042c042d0",
    "42e042f0430043104320433043404350436043704380439043a043b043c043d043e07fc08000bb00bb80bbc0",
    "bc00bc20bc40bc60bc80bc90bca0bcb0bcc0bcd0bce0bcf0bd00bd10bd20bd30bd40bd50bd60bd70bd80bd90",
    "bda0bdb0bdc0bdd0bde0bdf0be00be10be20be30be40be50be60be70be80be90bea0beb0bec0bed0bee0bef0",
    "bf00bf10bf20bf30bf40bf50bf60bf70bf80bf90bfa0bfb0bfc0bfd0bfe0bff0c000c010c020c030c040c050",
    "c060c070c080c090c0a0c0b0c0c0c0d0c0e0c0f0c100c110c120c130c140c150c160c170c180c190c1a0c1b0",
    "c1c0c1d0c1e0c1f0c200c210c220c230c240c250c260c270c280c290c2a0c2b0c2c0c2d0c2e0c2f0c300c310",
    "c320c330c340c350c360c370c380c390c3a0c3b0c3c0c3d0c3e0ffc0",
  ],
  F8_E5M2: [
    "0000378038003840388038a038c038e03900392039403960398039a039c039e03a003a203a403a603a803aa0",
    "3ac03ae03b003b203b403b603b803ba03bc03be03c003c203c403c603c803ca03cc03ce03d003d203d403d60",
    "3d803da03dc03de03e003e203e403e603e803ea03ec03ee03f003f203f403f603f803fa03fc03fe040004020",
    "40404060408040a040c040e04100412041404160418041a041c041e04200422042404260428042a042c042e0",
    "4300432043404360438043a043c043e04400442044404460448044a044c044e04500452045404560458045a0",
    "45c045e04600462046404660468046a046c046e047004720474047607f807fc07fc07fc08000b780b800b840",
    "b880b8a0b8c0b8e0b900b920b940b960b980b9a0b9c0b9e0ba00ba20ba40ba60ba80baa0bac0bae0bb00bb20",
    "bb40bb60bb80bba0bbc0bbe0bc00bc20bc40bc60bc80bca0bcc0bce0bd00bd20bd40bd60bd80bda0bdc0bde0",
    "be00be20be40be60be80bea0bec0bee0bf00bf20bf40bf60bf80bfa0bfc0bfe0c000c020c040c060c080c0a0",
    "c0c0c0e0c100c120c140c160c180c1a0c1c0c1e0c200c220c240c260c280c2a0c2c0c2e0c300c320c340c360",
    "c380c3a0c3c0c3e0c400c420c440c460c480c4a0c4c0c4e0c500c520c540c560c580c5a0c5c0c5e0c600c620",
    "c640c660c680c6a0c6c0c6e0c700c720c740c760ff80ffc0ffc0ffc0",
  ],
} as const;

const PATTERNS = Uint8Array.from({ length: 256 }, (_, i) => i);

for (const [dtype, lines] of Object.entries(PUBLISHED)) {
  const words = lines.join("").match(/.{4}/g)!;
  const expected = new Float32Array(
    Uint32Array.from(words, (word) => parseInt(word, 16) << 16).buffer,
  );
  Deno.test(`convertFloats() decodes all values of ${dtype} exactly`, () => {
    assert.equal(expected.length, 256);
    const type = dtype as keyof typeof PUBLISHED;
    const floats = new Float32Array(convertFloats(PATTERNS, type, "float32").buffer);
    const halves = new Float16Array(convertFloats(PATTERNS, type, "float16").buffer);
    for (let i = 0; i < 256; i++) {
      assert.ok(Object.is(floats[i], expected[i]), `float32 of ${i}: ${floats[i]}`);
      assert.ok(Object.is(halves[i], expected[i]), `float16 of ${i}: ${halves[i]}`);
    }
  });
}

// 1, -2, 0.5, 448, 1 and 1.
const VALUES = Uint8Array.of(0x38, 0xc0, 0x30, 0x7e, 0x38, 0x38);
const weight: RawTensor = { dtype: "F8_E4M3", shape: [2, 3], bytes: VALUES };
const scaleOf = (shape: readonly number[], ...values: number[]): RawTensor => ({
  dtype: "F32",
  shape,
  bytes: bytesOf(Float32Array.from(values)),
});

function open(tensors: Readonly<Record<string, RawTensor>>): StateDict {
  return StateDict.fromSources([memorySource(writeTensors(tensors), "f8.safetensors")]);
}

function read(weights: StateDict, start?: number): number[] {
  const bytes = weights.get("a.weight").read("float32", start);
  return [...new Float32Array(bytes.slice().buffer)];
}

Deno.test("StateDict reads 8-bit floats without scales", () => {
  using weights = open({ "a.weight": weight });
  assert.deepEqual(read(weights), [1, -2, 0.5, 448, 1, 1]);
});

Deno.test("StateDict multiplies 8-bit floats by one scale, or one a row, by both names", () => {
  for (const name of ["a.weight_scale", "a.scale_weight"]) {
    for (const shape of [[], [1], [1, 1]]) {
      using weights = open({ "a.weight": weight, [name]: scaleOf(shape, 0.5) });
      assert.deepEqual(weights.keys(), ["a.weight"]);
      assert.deepEqual(read(weights), [0.5, -1, 0.25, 224, 0.5, 0.5]);
    }
    for (const shape of [[2], [2, 1]]) {
      using weights = open({ [name]: scaleOf(shape, 0.5, 2), "a.weight": weight });
      assert.deepEqual(weights.keys(), ["a.weight"]);
      assert.deepEqual(read(weights), [0.5, -1, 0.25, 896, 2, 2]);
      assert.deepEqual(read(weights, 2), [0.25, 896, 2, 2]);
    }
    assert.throws(
      () => open({ "a.weight": weight, [name]: scaleOf([3], 1, 2, 3) }),
      /expected scales F32 or F16 \[2\], got F32 \[3\]/,
    );
  }
});
