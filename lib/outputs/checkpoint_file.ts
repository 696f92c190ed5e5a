import { join } from "node:path";
import { encodeCheckpoint, type RunCheckpoint } from "../run/checkpoint.ts";
import { listFolder } from "../files/list_files.ts";
import { OutputError } from "../files/output_error.ts";
import { writeFile } from "../files/write_file.ts";

const NAME = /^checkpoint_(\d+)\.safetensors$/;

/** Returns the path of the checkpoint of a step: `<folder>/checkpoint_<step>.safetensors`. */
function checkpointPath(folder: string, step: number): string {
  return join(folder, `checkpoint_${step}.safetensors`);
}

/**
 * Writes a checkpoint, whole or not at all.
 *
 * @returns Its path.
 * @throws {OutputError} If it cannot be written; earlier checkpoints stay.
 */
export async function writeCheckpoint(folder: string, checkpoint: RunCheckpoint): Promise<string> {
  const path = checkpointPath(folder, checkpoint.step);
  await writeFile(path, encodeCheckpoint(checkpoint));
  return path;
}

/** A checkpoint on the disk. */
export interface CheckpointFile {
  /** Path of the file. */
  readonly path: string;
  /** Optimizer steps done. */
  readonly step: number;
}

/**
 * Lists the checkpoints of a run from the first step to the last.
 *
 * @throws {OutputError} If the folder cannot be read.
 */
export async function listCheckpoints(folder: string): Promise<CheckpointFile[]> {
  const found = (await listFolder(folder)).flatMap(({ name }): CheckpointFile[] => {
    const step = NAME.exec(name)?.[1];
    return step === undefined ? [] : [{ path: join(folder, name), step: Number(step) }];
  });
  return found.sort((a, b) => a.step - b.step);
}

/**
 * Finds the checkpoint that a path means: a checkpoint itself, or the latest of a run's folder.
 *
 * @param action What it is for, in errors. Default: "resume".
 * @throws {OutputError} If there is none.
 */
export async function findCheckpoint(
  path: string,
  action: string = "resume",
): Promise<CheckpointFile> {
  const step = NAME.exec(path.split(/[\\/]/).at(-1)!)?.[1];
  if (step !== undefined) return { path, step: Number(step) };
  const latest = (await listCheckpoints(path)).at(-1);
  if (latest === undefined) {
    throw new OutputError(action, path, "there is no checkpoint_<step>.safetensors in it");
  }
  return latest;
}
