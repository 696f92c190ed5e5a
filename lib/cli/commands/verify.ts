import type { RunConfig } from "../../../config/run_config.ts";
import type { TensorComparison } from "../../verify/tensor_comparison.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { UsageError } from "../flags/flag.ts";
import type { Terminal } from "../../report/terminal.ts";

export type { TensorComparison };

/** What runtimes there are to choose from. */
const RUNTIMES: readonly RunConfig["runtime"][] = ["auto", "webgpu", "wasm", "native"];

/**
 * Compares a folder of reference tensors.
 *
 * @param folder Its path; undefined means the project's own.
 */
export type Verifier = (
  folder: string | undefined,
  options: { readonly runtime: RunConfig["runtime"] },
) => AsyncIterable<TensorComparison>;

/**
 * Prints a line for each tensor, as soon as it is compared.
 *
 * @param verify Compares the tensors; the program passes `verifyFolder`, a test passes a fake.
 * @returns The exit code: 1 if a tensor fails, or if none was compared.
 */
export async function verifyCommand(
  folder: string | undefined,
  flags: FlagsOf<"verify">,
  { out }: { readonly out: Terminal },
  verify: Verifier,
): Promise<number> {
  const runtime = RUNTIMES.find((name) => name === (flags.runtime ?? "auto"));
  if (runtime === undefined) {
    throw new UsageError(
      `Cannot verify: expected one of ${RUNTIMES.join(", ")} for --runtime, got "${flags.runtime}"`,
    );
  }
  const counts = { ok: 0, FAIL: 0, skipped: 0 };
  for await (const line of verify(folder, { runtime })) {
    counts[line.status]++;
    out.write(`${lineText(line)}\n`);
  }
  out.write(`${counts.ok} ok, ${counts.FAIL} failed, ${counts.skipped} skipped\n`);
  return counts.FAIL > 0 || counts.ok === 0 ? 1 : 0;
}

const NAME_COLUMNS = 44;

function lineText(line: TensorComparison): string {
  const name = line.name.padEnd(NAME_COLUMNS);
  if (line.status === "skipped") return `${name} skipped: ${line.reason}`;
  const { maxAbs, relative, status, reason } = line;
  if (reason !== undefined) return `${name} ${status}: ${reason}`;
  return `${name} max ${maxAbs.toExponential(2)}  rel ${relative.toExponential(2)}  ${status}`;
}
