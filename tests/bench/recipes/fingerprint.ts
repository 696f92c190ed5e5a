import type { DiffusionConfig, RunConfig } from "../../../config/run_config.ts";
import { findTeacher } from "../../../lib/distill/find_teacher.ts";
import { sizeOf } from "../../../lib/onnx/graph.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";

/** Values of each weight that tell teachers apart. */
const COMPARED_VALUES = 16;

/** Hashes the first values of each weight of a teacher's UNet; a trained one is another. */
export async function teacherFingerprint(config: DiffusionConfig): Promise<string> {
  const { folder } = await findTeacher(config);
  using weights = await StateDict.open(folder, "unet");
  const values = weights.keys().map((key) => {
    const entry = weights.get(key);
    return entry.read("float32", 0, Math.min(COMPARED_VALUES, sizeOf(entry.shape)));
  });
  return await hash(values);
}

/** Hashes all that a picture depends on, but for the code. */
export async function pictureFingerprint(
  { config, finish }: { readonly config: RunConfig; readonly finish: string | undefined },
  teacher: string,
): Promise<string> {
  // The same teacher elsewhere is the same.
  const { diffusion, ...rest } = config;
  const text = JSON.stringify([rest, { ...diffusion, modelId: teacher }, finish]);
  return await hash([new TextEncoder().encode(text)]);
}

async function hash(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", await new Blob([...parts]).arrayBuffer());
  return new Uint8Array(bytes, 0, 8).toHex();
}
