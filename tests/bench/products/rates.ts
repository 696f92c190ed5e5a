import { unroll } from "../../../lib/patches/matmul_tile.ts";

/** A form of multiplication and addition whose rate is measured. */
interface Form {
  readonly name: string;
  readonly type: string;
  /** Values of a register's type. */
  readonly width: number;
  readonly add: (sum: string, a: string, b: string) => string;
}

const fma = (sum: string, a: string, b: string) => `${sum} = fma(${a}, ${b}, ${sum});`;
const plain = (sum: string, a: string, b: string) => `${sum} = ${a} * ${b} + ${sum};`;

const FORMS: readonly Form[] = [
  { name: "f32 fma", type: "f32", width: 1, add: fma },
  { name: "vec4<f32> fma", type: "vec4<f32>", width: 4, add: fma },
  { name: "f16 fma", type: "f16", width: 1, add: fma },
  { name: "vec2<f16> fma", type: "vec2<f16>", width: 2, add: fma },
  { name: "vec2<f16> mul+add", type: "vec2<f16>", width: 2, add: plain },
  {
    name: "vec2<f16> fma of a splat",
    type: "vec2<f16>",
    width: 2,
    add: (sum, a, b) => fma(sum, `vec2<f16>(${a}.y)`, b),
  },
  { name: "vec4<f16> fma", type: "vec4<f16>", width: 4, add: fma },
  { name: "vec4<f16> mul+add", type: "vec4<f16>", width: 4, add: plain },
  {
    name: "vec4<f16> fma of a splat",
    type: "vec4<f16>",
    width: 4,
    add: (sum, a, b) => fma(sum, `vec4<f16>(${a}.y)`, b),
  },
  {
    name: "vec4<f16> mul+add of a splat",
    type: "vec4<f16>",
    width: 4,
    add: (sum, a, b) => plain(sum, `vec4<f16>(${a}.y)`, b),
  },
  {
    name: "vec4<f16> scalar times vector",
    type: "vec4<f16>",
    width: 4,
    add: (sum, a, b) => `${sum} = ${a}.y * ${b} + ${sum};`,
  },
];

/** Independent sums of a thread, and rounds of the loop. */
const [SUMS, ROUNDS] = [16, 2048];
/** Runs of a form; the first ones raise the clock. */
const RUNS = 30;
const [WORKGROUPS, THREADS] = [132 * 8, 256];

function shaderOf({ type, width, add }: Form): string {
  const first = width === 1 ? "" : ".x";
  return `enable f16;
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let start = values[id.x];
  let element = ${type.includes("f16") ? "f16" : "f32"}(start);
${
    unroll(4, (i) =>
      `let a${i} = ${type}(element * ${i + 1});\nlet b${i} = ${type}(element - ${i});`)
  }
${unroll(SUMS, (i) => `var sum${i} = ${type}(element + ${i});`)}
  for (var round = 0; round < ${ROUNDS}; round++) {
${unroll(4, (j) => unroll(SUMS, (i) => add(`sum${i}`, `a${(i + j) % 4}`, `b${j}`)))}
  }
  values[id.x] = f32((${Array.from({ length: SUMS }, (_, i) => `sum${i}`).join(" + ")})${first});
}`;
}

/** Prints how many multiplications and additions a second the GPU makes, by the form in WGSL. */
export async function timeRates(device: GPUDevice, print: (text: string) => void): Promise<void> {
  const values = device.createBuffer({
    size: 4 * WORKGROUPS * THREADS,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  print("| form | TFLOP/s |\n| :-- | --: |\n");
  for (const form of FORMS) {
    const module = device.createShaderModule({ code: shaderOf(form) });
    const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
    const querySet = device.createQuerySet({ type: "timestamp", count: 2 * RUNS });
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < RUNS; i++) {
      const pass = encoder.beginComputePass({
        timestampWrites: {
          querySet,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        },
      });
      pass.setPipeline(pipeline);
      const entries = [{ binding: 0, resource: { buffer: values } }];
      pass.setBindGroup(
        0,
        device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
      );
      pass.dispatchWorkgroups(WORKGROUPS);
      pass.end();
    }
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = device.createBuffer({ size: 16 * RUNS, usage });
    const staging = device.createBuffer({
      size: 16 * RUNS,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.resolveQuerySet(querySet, 0, 2 * RUNS, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16 * RUNS);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const marks = new BigUint64Array(staging.getMappedRange().slice(0));
    const times = Array.from({ length: RUNS }, (_, i) => Number(marks[2 * i + 1]! - marks[2 * i]!));
    const ns = Math.min(...times);
    const count = 2 * WORKGROUPS * THREADS * ROUNDS * SUMS * 4 * form.width;
    print(`| ${form.name} | ${(count / ns / 1000).toFixed(1)} |\n`);
  }
  print("\n");
}
