import type { Conditioning } from "../../../lib/conditioning/family/model_family.ts";
import { makeTimeIds } from "../../../lib/conditioning/sdxl/time_ids.ts";
import { openTeacherFolder, type TeacherFolder } from "../../../lib/conditioning/teacher_folder.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";
import type { FloatTensor } from "../../../lib/onnx/runtime/float_tensor.ts";

/** The teacher of the reference tensors, with its first two prompts. */
export interface TinyTeacher {
  readonly teacher: TeacherFolder;
  readonly schedule: NoiseSchedule;
  readonly prompts: Conditioning;
}

/**
 * Opens it. The prompts are encoded by the reference, as all that is compared with it.
 *
 * @param rows 2 for [negative, prompt], 1 for the prompt alone.
 */
export async function openTinyTeacher(rows: 1 | 2 = 2): Promise<TinyTeacher> {
  const folder = openModelFolder(goldenPath("tiny-sdxl"));
  const indices = rows === 2 ? [1, 0] : [0];
  const teacher = await openTeacherFolder(folder, { name: "tiny" });
  return {
    teacher,
    schedule: await NoiseSchedule.open(folder),
    prompts: {
      states: pickRows("prompt_embeds", indices),
      pooled: pickRows("pooled_prompt_embeds", indices),
      timeIds: makeTimeIds(teacher.imageSize, rows),
    },
  };
}

function pickRows(name: string, indices: readonly number[]): FloatTensor {
  const { data, shape } = readGolden("prompt_embeds").tensor(name);
  const size = data.length / shape[0]!;
  const rows = indices.map((index) => data.subarray(index * size, (index + 1) * size));
  return {
    data: Float32Array.from(rows.flatMap((row) => [...row])),
    shape: [indices.length, ...shape.slice(1)],
  };
}

/** Returns |actual - expected| / |expected|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [difference, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}
