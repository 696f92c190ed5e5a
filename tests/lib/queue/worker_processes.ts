import { fileURLToPath } from "node:url";
import { CLIENT_VARIABLES } from "../../../lib/queue/server_address.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** An event of a worker's log. */
export interface LoggedEvent {
  readonly event: string;
  readonly id?: string;
  readonly resumedFrom?: number;
  readonly message?: string;
  readonly machine?: string;
}

/** How workers are started. */
export interface WorkerSetup {
  /** Port of the server. */
  readonly port: number;
  /** Folder of the store. */
  readonly store: string;
  /** Folder of the runs in progress. */
  readonly scratch: string;
  /** Milliseconds of a painted step; undefined for a real worker with `mini`. */
  readonly stepMs?: number;
  /** More flags. */
  readonly flags?: readonly string[];
  /**
   * GPU on which it computes, by its PCI address, such as "pci-0000_65_00_0". Mesa's layer for the
   * selection of devices reads it. In Mesa 22.3.6 it takes the last GPU that has another address.
   */
  readonly adapter?: string;
}

/** A worker in its own process, with the permissions that the launcher gives. */
export class WorkerProcess {
  /** What it has told. */
  readonly events: LoggedEvent[] = [];
  #isEnded = false;
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;

  /** Starts it. */
  constructor({ port, store, scratch, stepMs, flags = [], adapter }: WorkerSetup) {
    const program = stepMs === undefined
      ? [`${ROOT}/cli.ts`, "worker"]
      : [`${ROOT}/tests/lib/queue/painting_worker.ts`, String(stepMs)];
    // A real worker also reads onnxruntime's files.
    const read = stepMs === undefined
      ? ["--allow-read"]
      : [`--allow-read=${ROOT},${store},${scratch}`];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "--no-prompt", "--config", `${ROOT}/deno.json`],
        ...[...read, `--allow-write=${store},${scratch}`, `--allow-net=127.0.0.1:${port}`],
        ...[`--allow-env=COLORTERM,TERM,${CLIENT_VARIABLES}`, ...program],
        ...["--queue", `redis://127.0.0.1:${port}`, "--store", store, "--output", scratch],
        ...["--json", ...flags],
      ],
      env: adapter === undefined ? {} : { DRI_PRIME: adapter },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#read = this.#readEvents();
    this.#child.status.then(() => this.#isEnded = true);
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  async #readEvents(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.events.push(...lines.map((line) => JSON.parse(line)));
    }
  }

  /** Waits for an event of a kind. */
  async until(name: string, timeoutMs: number = 60_000): Promise<LoggedEvent> {
    return await waitFor(
      () => this.events.find(({ event }) => event === name),
      `"${name}" of a worker`,
      timeoutMs,
    );
  }

  /** Sends a signal, and waits for the end. Returns the exit code. */
  async end(signal: Deno.Signal): Promise<number> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Its exit code, when it has ended. */
  get ended(): Promise<number> {
    return this.#child.status.then(({ code }) => code);
  }
}

/** Waits until something is there. */
export async function waitFor<T>(
  find: () => T | undefined | Promise<T | undefined>,
  what: string,
  timeoutMs: number = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
}
