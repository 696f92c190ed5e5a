import type { FloatType } from "../../weights/float16.ts";
import type { LoraComponent } from "../../lora/lora_names.ts";
import { mergeLoras } from "../../lora/lora_merge.ts";
import { openLoras } from "../../lora/lora_file.ts";
import { StateDict } from "../../weights/state_dict.ts";
import type { CheckpointSource } from "./model_family.ts";

/** Open weights of a network with merged LoRAs. Disposing closes the files. */
export interface TeacherWeights extends Disposable {
  /** The weights. */
  readonly weights: StateDict;
}

/**
 * Opens the weights of a UNet or text encoder and merges the LoRAs of the teacher.
 *
 * @param component The network: the name of its folder.
 * @param options.prefer Precision of the file, if there are several.
 * @throws {LoraError} If a LoRA has keys that do not fit; it names them.
 */
export async function openTeacherWeights(
  { folder, loras: locations }: Pick<CheckpointSource, "folder" | "loras">,
  component: LoraComponent,
  options: { readonly prefer: FloatType },
): Promise<TeacherWeights> {
  using cleanup = new DisposableStack();
  const base = cleanup.use(await StateDict.open(folder, component, options));
  const { loras } = cleanup.use(await openLoras(locations));
  const weights = mergeLoras(base, component, loras);
  const owned = cleanup.move();
  return { weights, [Symbol.dispose]: () => owned.dispose() };
}
