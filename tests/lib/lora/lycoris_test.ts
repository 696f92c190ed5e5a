import assert from "node:assert/strict";
import { LoraError } from "../../../lib/lora/lora_error.ts";
import { LoraFile } from "../../../lib/lora/lora_file.ts";
import { mergeLoras } from "../../../lib/lora/lora_merge.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { type TensorToWrite, writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

type Tensors = Record<string, TensorToWrite>;

function tensor(shape: readonly number[], seed: number): TensorToWrite {
  const size = shape.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * 1.7 + seed * 37));
  return { shape, data };
}

function scalar(value: number): TensorToWrite {
  return { shape: [], data: Float32Array.of(value) };
}

const MODULE = "mid_block.resnets.0.conv1";
const KEY = `${MODULE}.weight`;
const [OUTPUTS, INPUTS, SIDE, RANK, ALPHA, SCALE] = [6, 4, 3, 2, 3, 0.7];
const TAPS = SIDE * SIDE;

const WEIGHT = tensor([OUTPUTS, INPUTS, SIDE, SIDE], 1);

/** Merges a LoRA into a convolution [6, 4, 3, 3] with a bias, and checks every value and a part. */
function check(parts: Tensors, change: (o: number, i: number, k: number) => number): void {
  const weight = WEIGHT;
  const file = { [KEY]: weight, [`${MODULE}.bias`]: tensor([OUTPUTS], 2) };
  using weights = StateDict.fromSources([memorySource(writeSafetensors(file), "unet")]);
  const named = Object.fromEntries(
    Object.entries(parts).map((
      [end, part],
    ) => [`lora_unet_${MODULE.replaceAll(".", "_")}.${end}`, part]),
  );
  using lora = LoraFile.fromSource(memorySource(writeSafetensors(named), "lora"));
  const entry = mergeLoras(weights, "unet", [{ lora, scale: SCALE }]).get(KEY);
  const expected = Array.from(weight.data, (value, index) => {
    const o = Math.floor(index / (INPUTS * TAPS));
    const i = Math.floor(index / TAPS) % INPUTS;
    return value + SCALE * change(o, i, index % TAPS);
  });
  const read = (start?: number, count?: number) =>
    new Float32Array(entry.read("float32", start, count).slice().buffer);
  assertAllClose(read(), expected, { atol: 1e-5 });
  assertAllClose(read(29, 41), expected.slice(29, 70), { atol: 1e-5 });
}

/** Sums over an index. */
function sum(count: number, term: (index: number) => number): number {
  let total = 0;
  for (let index = 0; index < count; index++) total += term(index);
  return total;
}

Deno.test("LoHa adds (w1_a w1_b) times (w2_a w2_b), value by value", () => {
  const [a, c] = [tensor([OUTPUTS, RANK], 3), tensor([OUTPUTS, RANK], 5)];
  const [b, d] = [tensor([RANK, INPUTS * TAPS], 4), tensor([RANK, INPUTS * TAPS], 6)];
  const product = (x: TensorToWrite, y: TensorToWrite, o: number, column: number) =>
    sum(RANK, (r) => x.data[o * RANK + r]! * y.data[r * INPUTS * TAPS + column]!);
  check(
    { hada_w1_a: a, hada_w1_b: b, hada_w2_a: c, hada_w2_b: d, alpha: scalar(ALPHA) },
    (o, i, k) => ALPHA / RANK * product(a, b, o, i * TAPS + k) * product(c, d, o, i * TAPS + k),
  );
});

/** einsum("r s k, r o, s i -> o i k"), LyCORIS' decomposition with a kernel. */
function tucker(kernel: TensorToWrite, outer: TensorToWrite, inner: TensorToWrite) {
  return (o: number, i: number, k: number) =>
    sum(
      RANK,
      (r) =>
        sum(RANK, (s) =>
          kernel.data[(r * RANK + s) * TAPS + k]! * outer.data[r * OUTPUTS + o]! *
          inner.data[s * INPUTS + i]!),
    );
}

Deno.test("LoHa with kernels is composed as LyCORIS does", () => {
  const [t1, t2] = [7, 8].map((seed) => tensor([RANK, RANK, SIDE, SIDE], seed)) as [
    TensorToWrite,
    TensorToWrite,
  ];
  const [a, c] = [tensor([RANK, OUTPUTS], 3), tensor([RANK, OUTPUTS], 5)];
  const [b, d] = [tensor([RANK, INPUTS], 4), tensor([RANK, INPUTS], 6)];
  const [first, second] = [tucker(t1, a, b), tucker(t2, c, d)];
  check(
    { hada_w1_a: a, hada_w1_b: b, hada_w2_a: c, hada_w2_b: d, hada_t1: t1, hada_t2: t2 },
    (o, i, k) => first(o, i, k) * second(o, i, k),
  );
});

Deno.test("LoKr adds a Kronecker product; factors that are stored whole are not scaled", () => {
  const [left, right] = [tensor([2, 2], 3), tensor([3, 2, SIDE, SIDE], 4)];
  const product = (o: number, i: number, k: number) =>
    left.data[Math.floor(o / 3) * 2 + Math.floor(i / 2)]! *
    right.data[((o % 3) * 2 + i % 2) * TAPS + k]!;
  check({ lokr_w1: left, lokr_w2: right, alpha: scalar(ALPHA) }, product);
});

Deno.test("LoKr with a factored second matrix is scaled by alpha / rank", () => {
  const left = tensor([2, 2], 3);
  const [a, b] = [tensor([3, RANK], 4), tensor([RANK, 2 * TAPS], 5)];
  const right = (o: number, i: number, k: number) =>
    sum(RANK, (r) => a.data[o * RANK + r]! * b.data[r * 2 * TAPS + i * TAPS + k]!);
  check(
    { lokr_w1: left, lokr_w2_a: a, lokr_w2_b: b, alpha: scalar(ALPHA) },
    (o, i, k) =>
      ALPHA / RANK * left.data[Math.floor(o / 3) * 2 + Math.floor(i / 2)]! * right(o % 3, i % 2, k),
  );
});

Deno.test("a LoRA with lora_mid is the chain of its three convolutions", () => {
  const up = tensor([OUTPUTS, RANK, 1, 1], 3);
  const down = tensor([RANK, INPUTS, 1, 1], 4);
  const mid = tensor([RANK, RANK, SIDE, SIDE], 5);
  check(
    {
      "lora_up.weight": up,
      "lora_down.weight": down,
      "lora_mid.weight": mid,
      alpha: scalar(ALPHA),
    },
    (o, i, k) =>
      ALPHA / RANK *
      sum(RANK, (r) =>
        sum(RANK, (s) =>
          up.data[o * RANK + r]! * mid.data[(r * RANK + s) * TAPS + k]! *
          down.data[s * INPUTS + i]!)),
  );
});

/** Factors of a LoRA [6, 4, 3, 3] without alpha, and the weight with them. */
function plainLora() {
  const up = tensor([OUTPUTS, RANK, 1, 1], 3);
  const down = tensor([RANK, INPUTS, SIDE, SIDE], 4);
  const at = (o: number, i: number, k: number) => WEIGHT.data[(o * INPUTS + i) * TAPS + k]!;
  const merged = (o: number, i: number, k: number) =>
    at(o, i, k) +
    sum(RANK, (r) => up.data[o * RANK + r]! * down.data[(r * INPUTS + i) * TAPS + k]!);
  return { up, down, at, merged };
}

// Source: peft's DoraConv2dLayer, and LyCORIS' apply_weight_decompose with wd_on_out.
for (
  const [end, shape] of [
    ["lora_magnitude_vector", [1, OUTPUTS, 1, 1]],
    ["dora_scale", [OUTPUTS, 1, 1, 1]],
  ] as const
) {
  Deno.test(`DoRA with ${end} gives each output its magnitude`, () => {
    const { up, down, at, merged } = plainLora();
    const magnitude = tensor(shape, 5);
    const norm = (o: number) =>
      Math.sqrt(sum(INPUTS, (i) => sum(TAPS, (k) => merged(o, i, k) ** 2)));
    check(
      { "lora_up.weight": up, "lora_down.weight": down, [end]: magnitude },
      (o, i, k) => magnitude.data[o]! / norm(o) * merged(o, i, k) - at(o, i, k),
    );
  });
}

// Source: LyCORIS' apply_weight_decompose without wd_on_out.
Deno.test("DoRA with dora_scale of the inputs gives each input channel its magnitude", () => {
  const { up, down, at, merged } = plainLora();
  const magnitude = tensor([1, INPUTS, 1, 1], 5);
  const norm = (i: number) =>
    Math.sqrt(sum(OUTPUTS, (o) => sum(TAPS, (k) => merged(o, i, k) ** 2)));
  check(
    { "lora_up.weight": up, "lora_down.weight": down, dora_scale: magnitude },
    (o, i, k) => magnitude.data[i]! / norm(i) * merged(o, i, k) - at(o, i, k),
  );
});

Deno.test("full differences are added to weight, bias and norm, beside factors too", () => {
  const norm = "mid_block.resnets.0.norm1";
  const file: Tensors = {
    [KEY]: tensor([OUTPUTS, INPUTS], 1),
    [`${MODULE}.bias`]: tensor([OUTPUTS], 2),
    [`${norm}.weight`]: tensor([INPUTS], 3),
    [`${norm}.bias`]: tensor([INPUTS], 4),
  };
  const [diff, up, down] = [
    tensor([OUTPUTS, INPUTS, 1, 1], 5),
    tensor([OUTPUTS, 1], 6),
    tensor([1, INPUTS], 7),
  ];
  const [biasDiff, weightNorm, biasNorm] = [
    tensor([OUTPUTS], 8),
    tensor([INPUTS], 9),
    tensor([INPUTS], 10),
  ];
  using weights = StateDict.fromSources([memorySource(writeSafetensors(file), "unet")]);
  // SGM's names of the same layers, behind ComfyUI's prefix.
  const named = {
    "diffusion_model.middle_block.0.in_layers.2.diff": diff,
    "diffusion_model.middle_block.0.in_layers.2.diff_b": biasDiff,
    "diffusion_model.middle_block.0.in_layers.2.lora_A.weight": down,
    "diffusion_model.middle_block.0.in_layers.2.lora_B.weight": up,
    "diffusion_model.middle_block.0.in_layers.0.w_norm": weightNorm,
    "diffusion_model.middle_block.0.in_layers.0.b_norm": biasNorm,
  };
  using lora = LoraFile.fromSource(memorySource(writeSafetensors(named), "lora"));
  const merged = mergeLoras(weights, "unet", [{ lora, scale: SCALE }]);
  const checkKey = (key: string, change: (index: number) => number) => {
    const values = new Float32Array(merged.get(key).read("float32").slice().buffer);
    const expected = Array.from(file[key]!.data, (value, index) => value + SCALE * change(index));
    assertAllClose(values, expected, { atol: 1e-5 });
  };
  checkKey(
    KEY,
    (index) =>
      diff.data[index]! + up.data[Math.floor(index / INPUTS)]! * down.data[index % INPUTS]!,
  );
  checkKey(`${MODULE}.bias`, (index) => biasDiff.data[index]!);
  checkKey(`${norm}.weight`, (index) => weightNorm.data[index]!);
  checkKey(`${norm}.bias`, (index) => biasNorm.data[index]!);
});

Deno.test("a module of LyCORIS without all its tensors, or of another shape, is refused", () => {
  const open = (tensors: Tensors) =>
    LoraFile.fromSource(memorySource(writeSafetensors(tensors), "l"));
  const a = tensor([OUTPUTS, RANK], 1);
  assert.throws(() => open({ "lora_unet_x.hada_w1_a": a }), LoraError);
  assert.throws(() => open({ "lora_unet_x.lokr_w1_a": a, "lora_unet_x.lokr_w2": a }), LoraError);
  assert.throws(
    () => open({ "lora_unet_x.lora_mid.weight": a, "lora_unet_x.lora_up.weight": a }),
    LoraError,
  );
  using lora = open({ "lora_unet_x.lokr_w1": a, "lora_unet_x.lokr_w2": a });
  const file = { "x.weight": tensor([4, 4], 1) };
  using weights = StateDict.fromSources([memorySource(writeSafetensors(file), "unet")]);
  assert.throws(
    () => mergeLoras(weights, "unet", [{ lora, scale: 1 }]),
    /expected factors of "x\.weight" \[4, 4\], got \[6, 2\] and \[6, 2\]/,
  );
});

Deno.test("textual inversions in the file of a LoRA are named and left out", () => {
  const file = {
    "lora_unet_x.lora_up.weight": tensor([3, 2], 1),
    "lora_unet_x.lora_down.weight": tensor([2, 4], 2),
    "bundle_emb.my token.clip_l": tensor([1, 8], 3),
    "bundle_emb.my token.string_to_param.*": tensor([1, 8], 4),
  };
  using lora = LoraFile.fromSource(memorySource(writeSafetensors(file), "l"));
  assert.deepEqual(lora.embeddings, ["my token"]);
  assert.equal(lora.updates("unet").length, 1);
});
