import type { FlagsOf } from "../cli/flags/flag_table.ts";
import { parsePort } from "../cli/flags/parse_values.ts";
import { Interrupt } from "../cli/commands/interrupt.ts";
import { probeFolder } from "../files/probe_folder.ts";
import { OutputError } from "../files/output_error.ts";
import type { Terminal } from "../report/terminal.ts";
import { startRunWorker } from "./maker.ts";
import { StudioServer } from "./studio_server.ts";

/**
 * Runs the studio until Ctrl-C.
 *
 * @param terminals `out` shows the address.
 * @returns The exit code.
 */
export async function studioCommand(
  flags: FlagsOf<"studio">,
  { out, status }: { readonly out: Terminal; readonly status: Terminal },
): Promise<number> {
  const { model = "mini", output = "workdir", runtime, download } = flags;
  const port = parsePort(flags.port);
  await probeFolder(output);
  await using server = await startServer({
    port,
    model,
    output,
    flags: [
      ...runtime === undefined ? [] : ["--runtime", runtime],
      ...download ? ["--download"] : [],
    ],
    startWorker: startRunWorker,
  });
  out.write(`${server.address}\n`);
  status.write("The studio is open at this address, for this machine only; Ctrl-C closes it\n");
  const closed = Promise.withResolvers<void>();
  using _ = new Interrupt(() => {
    status.write("stopping the runs after their step; Ctrl-C again ends them now\n");
    server.stopJobs().then(closed.resolve, closed.reject);
  });
  await closed.promise;
  return 0;
}

async function startServer(
  options: Parameters<typeof StudioServer.start>[0],
): Promise<StudioServer> {
  try {
    return await StudioServer.start(options);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new OutputError(
      "open the studio at",
      `port ${options.port}`,
      "another program uses it; choose another by --port",
      cause,
    );
  }
}
