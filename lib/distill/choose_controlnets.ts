import type { ControlnetConfig } from "../../config/run_config.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { ControlnetChoice } from "../guidance/controlnet_residuals.ts";
import { controlnetKind } from "../hub/model_ids.ts";
import { readControlnetConfig } from "../models/unet/controlnet_config.ts";

/**
 * Chooses the ControlNets of a config that have an effect and can be used.
 *
 * @param onNote Called with a sentence for each that cannot be used.
 * @throws {TeacherFolderError} If a ControlNet does not fit the teacher.
 */
export async function chooseControlnets(
  teacher: TeacherFolder,
  config: ControlnetConfig,
  onNote: (message: string) => void,
): Promise<ControlnetChoice[]> {
  if (!config.useControlnet) return [];
  const chosen: ControlnetChoice[] = [];
  for (const [i, id] of config.modelsId.entries()) {
    const conditioningScale = config.controlnetConditioningScale[i]!;
    if (conditioningScale === 0) continue;
    const problem = await problemOf(teacher, id);
    if (problem !== undefined) {
      onNote(`The ControlNet "${id}" has no effect: ${problem}`);
      continue;
    }
    const { folder, subfolder } = await teacher.controlnetLocation(id);
    teacher.checkControlnet(id, await readControlnetConfig(folder, subfolder));
    chosen.push({ id, conditioningScale });
  }
  return chosen;
}

async function problemOf(teacher: TeacherFolder, id: string): Promise<string | undefined> {
  const kind = controlnetKind(id);
  if (kind !== "canny" && kind !== "depth") {
    return `expected the kind "canny" or "depth", got "${kind}"`;
  }
  if (await teacher.hasControlnet(id)) return undefined;
  return `the teacher "${teacher.name}" has none`;
}
