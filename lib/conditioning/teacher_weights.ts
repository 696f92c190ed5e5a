import type { FloatType } from "../weights/float16.ts";
import type { LoraComponent } from "../lora/lora_names.ts";
import { mergeLoras } from "../lora/lora_merge.ts";
import { openLoras } from "../lora/lora_file.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { TeacherFolder } from "./teacher_folder.ts";

/** Weights of a network that are open, with their LoRAs; they are closed with this. */
export interface TeacherWeights extends Disposable {
  /** The weights. */
  readonly weights: StateDict;
}

/**
 * Opens the weights of a network that LoRAs change: UNet or text encoder.
 *
 * @param component The network, which is the name of its folder.
 * @param options.prefer Precision to take where there are both.
 * @throws {LoraError} If a LoRA has keys that do not fit, with their names.
 */
export async function openTeacherWeights(
  { folder, loras: places }: Pick<TeacherFolder, "folder" | "loras">,
  component: LoraComponent,
  options: { readonly prefer: FloatType },
): Promise<TeacherWeights> {
  using cleanup = new DisposableStack();
  const own = cleanup.use(await StateDict.open(folder, component, options));
  const { loras } = cleanup.use(await openLoras(places));
  const weights = mergeLoras(own, component, loras);
  const owned = cleanup.move();
  return { weights, [Symbol.dispose]: () => owned.dispose() };
}
