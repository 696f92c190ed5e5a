import { basename, resolve } from "node:path";
import { describeError } from "../cli/commands/describe_error.ts";
import { EventLog } from "./event_log.ts";
import { checkRequest, drawToken, withSafeHeaders } from "./guard.ts";
import { Jobs } from "./jobs.ts";
import { Maker, type RunWorker } from "./maker.ts";
import { PageFiles } from "./page_files.ts";
import { answer } from "./route.ts";
import { createRoutes, type StudioParts } from "./routes.ts";
import { Timings } from "./timings.ts";
import { Uploads } from "./uploads.ts";

/** Options of {@linkcode StudioServer}. */
export interface StudioServerOptions {
  /** Port on the loopback interface. */
  readonly port: number;
  /** The output folder. */
  readonly output: string;
  /** The teacher, as `--model` names it. */
  readonly model: string;
  /** Further flags of each run, such as `--runtime`. */
  readonly flags: readonly string[];
  /** Starts the worker that makes pictures, or a fake. */
  readonly startWorker: () => RunWorker;
}

/** The studio's server on the loopback interface. */
export class StudioServer implements AsyncDisposable {
  /** Address of the page, with its token. */
  readonly address: string;
  readonly #server: Deno.HttpServer;
  readonly #parts: StudioParts;

  private constructor(address: string, server: Deno.HttpServer, parts: StudioParts) {
    this.address = address;
    this.#server = server;
    this.#parts = parts;
  }

  /**
   * Starts the server.
   *
   * @throws {Deno.errors.AddrInUse} If another program has the port.
   */
  static async start(options: StudioServerOptions): Promise<StudioServer> {
    const { port, model, flags, startWorker } = options;
    const output = resolve(options.output);
    const token = drawToken();
    const jobs = new Jobs(output);
    const log = new EventLog(drawToken().slice(0, 8), () => jobs.state());
    jobs.log = log;
    const timings = new Timings(output);
    await timings.read();
    // Estimates are not worth an error.
    jobs.onWork = (work) => void timings.add(basename(model), work).catch(() => {});
    const uploads = new Uploads(output);
    const maker = new Maker(jobs, startWorker);
    const parts: StudioParts = { output, model, flags, jobs, log, maker, timings, uploads };
    const routes = createRoutes(parts, new PageFiles());
    const server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      async (request) => {
        const checked = checkRequest(request, { token, port: server.addr.port });
        if (checked instanceof Response) return checked;
        try {
          return withSafeHeaders(await answer(routes, request, checked));
        } catch (error) {
          const { message } = describeError(error, false);
          return withSafeHeaders(Response.json({ error: message }, { status: 400 }));
        }
      },
    );
    return new StudioServer(`http://127.0.0.1:${server.addr.port}/${token}/`, server, parts);
  }

  /** Stops all jobs after their step, and waits until what is made is written. */
  async stopJobs(): Promise<void> {
    const { jobs, maker } = this.#parts;
    for (const id of jobs.open) maker.cancel(id);
    while (jobs.isBusy) await new Promise((done) => setTimeout(done, 50));
  }

  /** Ends the event streams of all pages, which open them again. */
  dropPages(): void {
    this.#parts.log.closeAll();
  }

  /** Ends the server and the worker. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.maker.close();
    this.#parts.log.closeAll();
    await this.#server.shutdown();
  }
}
