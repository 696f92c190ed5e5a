/**
 * Looks for a WebGPU adapter, and installs a software one for root on Debian and Ubuntu.
 *
 * The launcher runs it with the permission to run apt-get. It gets none of the user's arguments.
 * Exit code: 0 with an adapter, 3 if a driver was installed, which a new process must load, else 1.
 *
 * @module
 */
import { Machine } from "./adapter_host.ts";
import { AdapterError, ensureAdapter } from "./ensure_adapter.ts";

async function findAdapter(args: readonly string[]): Promise<number> {
  const machine = new Machine();
  try {
    const found = await ensureAdapter(machine, args.includes("--installed"));
    return found === "installed" ? 3 : 0;
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    machine.sayError(error.message, args.includes("--json"));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await findAdapter(Deno.args));
