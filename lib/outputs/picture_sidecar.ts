import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { runConfigTree } from "../../config/write_run_config.ts";
import { readFile } from "../files/read_file.ts";
import { writeFile } from "../files/write_file.ts";
import type { Run } from "../distill/run.ts";
import { runtimeFile } from "../onnx/runtime/runtime_file.ts";
import { defined } from "../text/defined.ts";
import { PROJECT_VERSION } from "../text/project_version.ts";
import { toJson } from "../text/to_json.ts";

/** Name of the sidecar of a run's picture. */
export const SIDECAR_NAME = "picture.json";

/** What a sidecar tells besides the run. */
export interface SidecarOptions {
  /** Path of the picture. */
  readonly picture: string;
  /** The config of the run, complete. */
  readonly config: Parameters<typeof runConfigTree>[0];
  /** Score of the picture by the teacher; default: it was not scored. */
  readonly score?: number;
}

/**
 * Writes `picture.json` beside the picture of a run: what it was made from and by, and its SHA-256,
 * for programs that keep many pictures. It has no dates, so equal runs write equal files.
 *
 * @returns Its path.
 * @throws {OutputError} If it cannot be written.
 */
export async function writeSidecar(
  folder: string,
  run: Pick<Run, "size" | "palette" | "step" | "steps" | "runtime" | "adapterName">,
  { picture, config, score }: SidecarOptions,
): Promise<string> {
  const { palette, size, step, steps, runtime, adapterName: adapter } = run;
  const path = join(folder, SIDECAR_NAME);
  const content = {
    picture: basename(picture),
    sha256: createHash("sha256").update(await readFile(picture)).digest("hex"),
    height: size.height,
    width: size.width,
    palette: {
      name: palette.name,
      colors: Array.from({ length: palette.size }, (_, k) => palette.hexAt(k)),
    },
    transparent: config.generator.transparent,
    prompt: config.prompt,
    seed: config.seed,
    step,
    steps,
    ...defined({ score }),
    versions: versions(),
    runtime,
    adapter,
    config: runConfigTree(config),
  };
  await writeFile(path, `${toJson(content, 2)}\n`);
  return path;
}

function versions() {
  const onnxruntime = /onnxruntime-web[@/]+(\d[\w.-]*)/.exec(runtimeFile("wasm") ?? "")?.[1];
  return {
    smalti: PROJECT_VERSION,
    deno: Deno.version.deno,
    "onnxruntime-web": onnxruntime ?? null,
  };
}
