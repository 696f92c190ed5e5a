import assert from "node:assert/strict";
import { basename } from "node:path";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import { assertKernelStruct } from "../support/assert_kernel_struct.ts";
import { gpuTest } from "../support/gpu_test.ts";

const ROOT = new URL("../../kernels/", import.meta.url);

/** Files of the kernels, relative to their folder. */
function* filesOf(extension: string): Generator<string> {
  for (const room of Deno.readDirSync(ROOT)) {
    if (!room.isDirectory) continue;
    for (const { name } of Deno.readDirSync(new URL(room.name, ROOT))) {
      if (name.endsWith(extension)) yield `${room.name}/${name}`;
    }
  }
}

/** All that the files of the kernels export. */
async function readExports(): Promise<unknown[]> {
  const modules = await Promise.all([...filesOf(".ts")].map((path) => import(`${ROOT}${path}`)));
  return modules.flatMap((module) => Object.values(module));
}

async function readKernels(): Promise<Kernel[]> {
  return (await readExports()).filter((value): value is Kernel =>
    typeof value === "object" && value !== null && "source" in value && "params" in value
  );
}

gpuTest("each kernel compiles, and lists the params and tensors of its WGSL", async (gpu) => {
  const kernels = await readKernels();
  assert.ok(kernels.length > 30);
  for (const kernel of kernels) {
    assertKernelStruct(kernel);
    await gpu.compile(kernel);
  }
});

Deno.test("each WGSL file is that of one kernel or prelude", async () => {
  const kernels = await readKernels();
  const preludes = new Set(kernels.flatMap(({ prelude = [] }) => prelude));
  const used = [...kernels.map(({ name }) => `${name}.wgsl`), ...[...preludes].map((p) => p.file)];
  const files = [...filesOf(".wgsl")].map((path) => basename(path));
  assert.deepEqual(used.toSorted(), files.toSorted());
});

Deno.test("each kernel names its preludes in its WGSL", async () => {
  for (const { name, source, prelude = [] } of await readKernels()) {
    const named = /\/\/ Preludes?: (.+)\.\n/.exec(source)?.[1]?.split(", ") ?? [];
    assert.deepEqual(named, prelude.map(({ file }) => file), `preludes of kernel "${name}"`);
  }
});
