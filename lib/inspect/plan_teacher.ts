import { openTeacherFolder } from "../conditioning/teacher_folder.ts";
import { type MemoryPlan, planMemory } from "../distill/memory/memory_plan.ts";
import { planNetworks } from "../distill/memory/planned_networks.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** Picture and palette of the plan: their memory is small beside that of the networks. */
const PICTURE = { size: { height: 32, width: 32 }, colors: 16 };

/** Plans the memory of a run with a teacher on a GPU, in float16, without ControlNets. */
export async function planTeacher(folder: ModelFolder, name: string): Promise<MemoryPlan> {
  const teacher = await openTeacherFolder(folder, { name });
  const teacherSize = teacher.imageSize;
  const { networks, savedBytes } = await planNetworks(teacher, {
    teacherSize,
    rows: 2,
    controlnets: [],
    decodes: true,
    precision: "float16",
    usesFloat16Masks: true,
  });
  return planMemory(networks, {
    ...PICTURE,
    teacherSize,
    savedBytes,
    runtime: "webgpu",
    precision: { precision: "float16" },
  });
}
