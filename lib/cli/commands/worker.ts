import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { makeFolder } from "../../files/write_file.ts";
import { probeFolder } from "../../files/probe_folder.ts";
import { OutputError } from "../../files/output_error.ts";
import { openStore } from "../../queue/open_store.ts";
import { JobFiles } from "../../queue/job_files.ts";
import { LockKeeper } from "../../queue/lock_keeper.ts";
import { JobServer } from "../../queue/job_server.ts";
import { PictureWorker, type WorkerEvent } from "../../queue/picture_worker.ts";
import { addressText } from "../../queue/server_address.ts";
import type { Terminal } from "../../report/terminal.ts";
import { toJson } from "../../text/to_json.ts";
import { shorten, visibleText } from "../../text/visible_text.ts";
import { parseCount } from "../flags/parse_values.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { UsageError } from "../flags/flag.ts";
import { Interrupt } from "./interrupt.ts";
import { makeJobWith } from "./make_job.ts";
import type { CreateRun } from "./make_picture.ts";
import { serverAddressOf, storeOptions } from "./queue_flags.ts";

/** The functions of the library that a worker needs; a test passes fakes. */
export interface WorkerFunctions {
  /** Creates a run. */
  readonly createRun: CreateRun;
  /** Opens the device that all pictures share. Without it, each run opens its own. */
  openGpu?(): Promise<Gpu>;
}

const DEFAULT_LOCK_S = 30;
const DEFAULT_CHECKPOINT_S = 20;
const DEFAULT_TRIES = 3;
const MAX_TRIES = 1000;
const MAX_SECONDS = 3600;
/** Time that a stopped worker has to tell the server, in milliseconds. */
const CLOSE_MS = 5000;
const DEFAULT_OUTPUT = "workdir";

/**
 * Makes pictures of a queue's jobs until it is stopped.
 *
 * @returns The exit code.
 */
export async function workerCommand(
  flags: FlagsOf<"worker">,
  { out, status }: { readonly out: Terminal; readonly status: Terminal },
  { createRun, openGpu }: WorkerFunctions,
): Promise<number> {
  if (flags.store === undefined) {
    throw new UsageError(
      "Cannot start a worker: expected --store with a folder or an s3:// address",
    );
  }
  const address = serverAddressOf(flags, "Cannot start a worker");
  const secondsOf = (name: "lockSeconds" | "checkpointSeconds", flag: string, other: number) =>
    parseCount(flags[name] ?? other, flag, MAX_SECONDS);
  const lockSeconds = secondsOf("lockSeconds", "--lock-seconds", DEFAULT_LOCK_S);
  const checkpointSeconds = secondsOf(
    "checkpointSeconds",
    "--checkpoint-seconds",
    DEFAULT_CHECKPOINT_S,
  );
  const maxTries = parseCount(flags.tries ?? DEFAULT_TRIES, "--tries", MAX_TRIES);
  const models = flags.model ?? ["mini"];
  const store = openStore(flags.store, storeOptions());
  const scratch = join(flags.output ?? DEFAULT_OUTPUT, "worker");
  const probe = async () => {
    await probeFolder(scratch);
    await store.probe();
  };
  await probe();
  await removeOldFolders(scratch);
  await using owned = new AsyncDisposableStack();
  const gpu = openGpu && owned.use(await openGpu());
  const tell = (event: WorkerEvent | { readonly event: "ready" } & Record<string, unknown>) =>
    out.write(`${flags.json ? toJson(event) : visibleText(eventText(event))}\n`);
  const note = (message: string) => tell({ event: "note", message });
  const server = await JobServer.connect(address, (isConnected) => {
    note(isConnected ? "the queue's server answers" : "the queue's server is lost; trying again");
  });
  const runtime = (flags.runtime ?? "auto") as RunConfig["runtime"];
  const adapter = gpu?.adapterName ?? "none";
  const machine = [adapter, runtime, `deno ${Deno.version.deno}`, Deno.build.arch].join(", ");
  const make = owned.use(
    makeJobWith({ createRun, gpu, runtime, scratch, checkpointSeconds, download: flags.download }),
  );
  const files = new JobFiles(store, machine);
  using keeper = await LockKeeper.start(address, lockSeconds * 1000);
  const worker = new PictureWorker(server, {
    files,
    models,
    maxTries,
    probe,
    holdLock: (id, token) => keeper.hold(id, token),
    onEvent: tell,
    lockMs: lockSeconds * 1000,
    checkMs: lockSeconds * 500,
    make: (job, context) => make.make(job, { ...context, location: files.locate(context.id) }),
  });
  using interrupt = new Interrupt(() => {
    status.write("stopping: the picture in progress is saved and goes back to the queue\n");
    worker.stop();
  });
  tell({ event: "ready", server: addressText(address), store: store.name, machine, models });
  await worker.run();
  await closeSoon(server);
  return interrupt.signal.aborted ? 130 : 0;
}

function eventText(event: WorkerEvent | { readonly event: "ready" } & Record<string, unknown>) {
  switch (event.event) {
    case "ready":
      return `worker on ${event.machine}: takes jobs from ${event.server}, writes to ${event.store}`;
    case "taken": {
      const { id, resumedFrom } = event;
      return `${id}: ${resumedFrom > 0 ? `continued after step ${resumedFrom}` : "started"}`;
    }
    case "done":
      return `${event.id}: done, ${event.location}`;
    case "known":
      return `${event.id}: was made before, ${event.location}`;
    case "note":
      return `note: ${shorten(event.message)}`;
    default:
      return `${event.id}: ${event.event}: ${shorten(event.message)}`;
  }
}

/** Removes what killed workers left a day ago or earlier; others may do so at the same time. */
async function removeOldFolders(scratch: string): Promise<void> {
  await makeFolder(scratch);
  const limit = Date.now() - 24 * 3600 * 1000;
  try {
    for await (const { name, isDirectory } of Deno.readDir(scratch)) {
      const path = join(scratch, name);
      const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
      if (!isDirectory || mtime === null || mtime.getTime() >= limit) continue;
      await Deno.remove(path, { recursive: true }).catch(() => undefined);
    }
  } catch (cause) {
    throw OutputError.from("clear", scratch, cause);
  }
}

/** A server that is lost must not keep a stopped worker. */
async function closeSoon(server: JobServer): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
  await Promise.race([server[Symbol.asyncDispose](), late]);
  clearTimeout(timer);
}
