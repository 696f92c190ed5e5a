import { CONFIG_KEYS } from "../../config/run_config.ts";
import { openTeacherFolder } from "../conditioning/teacher_folder.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { type MemoryPlan, planMemory } from "../distill/memory/memory_plan.ts";
import { planNetworks } from "../distill/memory/planned_networks.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { hasFloat16 } from "../onnx/runtime/network_precision.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** Picture and palette of the plan: their memory is small beside that of the networks. */
const PICTURE = { size: { height: 32, width: 32 }, colors: 16 };

/** Samples among which a CLIP of the teacher chooses: as many as by default. */
const SAMPLES = CONFIG_KEYS.diffusion.numReferences.default;

/**
 * Plans the memory of a run with a teacher, in the precision of a run, without ControlNets.
 *
 * @param gpu Device of this machine. Default: a GPU that computes in float16.
 */
export async function planTeacher(
  folder: ModelFolder,
  name: string,
  gpu?: Gpu,
): Promise<MemoryPlan> {
  const teacher = await openTeacherFolder(folder, { name });
  const teacherSize = teacher.imageSize;
  const runtime = gpu ? chooseRuntime(gpu, "auto") : "webgpu";
  const isHalf = gpu ? hasFloat16({ runtime, gpu }) : true;
  const precision = isHalf ? "float16" : "float32";
  const { networks, savedBytes } = await planNetworks(teacher, {
    teacherSize,
    rows: 2,
    controlnets: [],
    decodes: true,
    precision,
    usesFloat16Masks: isHalf,
    clipImages: SAMPLES,
  });
  const limits = gpu?.device.limits;
  return planMemory(networks, {
    ...PICTURE,
    teacherSize,
    savedBytes,
    runtime,
    precision: { precision },
    ...limits &&
      { largestBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) },
  });
}
