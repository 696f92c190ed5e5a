import { formatBytes } from "../../text/format_bytes.ts";
import { dirname, join } from "node:path";
import {
  RANDOM_TEACHERS,
  randomControlnets,
  type RandomTeacher,
  randomTeacherFiles,
  type TeacherFile,
} from "../../tools/random_teacher.ts";
import { AtomicFile } from "../../files/atomic_file.ts";
import { makeFolder } from "../../files/write_file.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { drawSeed } from "../flags/parse_values.ts";
import { UsageError } from "../flags/flag.ts";
import type { Terminal } from "../../report/terminal.ts";

/**
 * Writes a teacher with random weights, to measure time and memory of a published one.
 *
 * @param kind Name of the teacher, such as "sdxl".
 * @param folder Where it goes; files of the same names are replaced.
 */
export async function randomTeacherCommand(
  kind: string,
  folder: string,
  flags: FlagsOf<"random-teacher">,
  { out }: { readonly out: Terminal },
): Promise<void> {
  if (!RANDOM_TEACHERS.includes(kind as RandomTeacher)) {
    throw new UsageError(
      `Cannot make the teacher "${kind}": expected one of ${RANDOM_TEACHERS.join(", ")}`,
    );
  }
  const controlnets = randomControlnets(kind as RandomTeacher);
  const unknown = flags.controlnet?.find((id) => !controlnets.includes(id));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot make the ControlNet "${unknown}": expected one of ${controlnets.join(", ")}`,
    );
  }
  const files = await randomTeacherFiles(kind as RandomTeacher, {
    seed: readSeed(flags.seed),
    controlnets: flags.controlnet ?? [],
  });
  for (const file of files) {
    const path = join(folder, file.path);
    await makeFolder(dirname(path));
    const byteLength = await writePieces(path, file);
    if (file.parameters === 0) continue;
    out.write(`${path}: ${file.parameters} numbers, ${formatBytes(byteLength)}\n`);
  }
}

function readSeed(text: string | undefined): number {
  const seed = text === "random" ? drawSeed() : Number(text ?? 0);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new UsageError(`Cannot use the seed "${text}": expected an integer >= 0, or random`);
}

/** Writes a file piece by piece, to save memory. Returns its size in bytes. */
async function writePieces(path: string, file: TeacherFile): Promise<number> {
  let byteLength = 0;
  await using pending = await AtomicFile.open(path);
  for (const piece of file.content()) {
    await pending.write(piece);
    byteLength += piece.byteLength;
  }
  await pending.commit();
  return byteLength;
}
