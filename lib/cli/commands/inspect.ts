import { Gpu, NoGpuError } from "../../../kernels/gpu/gpu.ts";
import { describeReport } from "../../inspect/describe_report.ts";
import { inspectModel } from "../../inspect/inspect_model.ts";
import type { Terminal } from "../../report/terminal.ts";
import { defined } from "../../text/defined.ts";
import { visibleText } from "../../text/visible_text.ts";
import type { FlagsOf } from "../flags/flag_table.ts";

/**
 * Prints what a file or folder of weights is, and whether Smalti can use it.
 *
 * @param model A file, a folder or a model of the Hub.
 * @returns The exit code: 0 if it can be used, else 1.
 */
export async function inspectCommand(
  model: string,
  flags: FlagsOf<"inspect">,
  { out }: { readonly out: Terminal },
): Promise<number> {
  using gpu = await findGpu();
  const report = await inspectModel(model, defined({ gpu }));
  const text = flags.json ? visibleText(JSON.stringify(report)) : describeReport(report);
  out.write(`${text}\n`);
  return report.isUsable ? 0 : 1;
}

/** Returns the device of this machine; undefined if it has none, which an inspection allows. */
async function findGpu(): Promise<Gpu | undefined> {
  try {
    return await Gpu.request();
  } catch (error) {
    if (error instanceof NoGpuError) return undefined;
    throw error;
  }
}
