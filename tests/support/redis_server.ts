/**
 * A real Redis or Valkey server for tests. It runs below a process of Deno, since tests may run
 * Deno only; when the test ends in any way, so does the server.
 *
 * @module
 */

/** Where Debian and others put the server. */
const PROGRAMS = [
  "/usr/bin/redis-server",
  "/usr/bin/valkey-server",
  "/usr/local/bin/redis-server",
  "/usr/local/bin/valkey-server",
  "/opt/homebrew/bin/redis-server",
];

/** Why tests of the queue are skipped; undefined if there is a server. */
export function missingServer(): string | undefined {
  // The tests may not look outside of the project, and `deno eval` may.
  const script = `console.log(${JSON.stringify(PROGRAMS)}.some((path) => {
    try { return Deno.statSync(path).isFile; } catch { return false; }
  }))`;
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["eval", script] }).outputSync();
  return new TextDecoder().decode(stdout).trim() === "true"
    ? undefined
    : "no redis-server or valkey-server is installed (apt-get install redis-server)";
}

function findServer(): string | undefined {
  return PROGRAMS.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** A server on a port of this machine, with a file that keeps every command. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #host: Deno.ChildProcess;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  private constructor(port: number, host: Deno.ChildProcess) {
    this.port = port;
    this.#host = host;
    this.#commands = host.stdin.getWriter();
    this.#answers = host.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The address of the server. */
  get address(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts a server whose data are in a folder. */
  static async start(folder: string): Promise<RedisServer> {
    const port = freePort();
    const host = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-config", `--allow-run=${PROGRAMS}`],
        ...[`--allow-net=127.0.0.1:${port}`, `--allow-read=${PROGRAMS}`],
        ...[import.meta.url, String(port), folder],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const server = new RedisServer(port, host);
    await server.#order("start");
    return server;
  }

  /** Kills the server (-9). */
  async kill(): Promise<void> {
    await this.#order("kill");
  }

  /** Starts it again, with the data that it has kept. */
  async restart(): Promise<void> {
    await this.#order("start");
  }

  /** Stops it without an answer to anybody (SIGSTOP). */
  async freeze(): Promise<void> {
    await this.#order("freeze");
  }

  /** Lets it continue. */
  async thaw(): Promise<void> {
    await this.#order("thaw");
  }

  async #order(command: string): Promise<void> {
    await this.#commands.write(new TextEncoder().encode(`${command}\n`));
    const { value } = await this.#answers.read();
    if (value?.trim() !== "ok") throw new Error(`Cannot ${command} the server: ${value}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commands.close();
    await this.#answers.cancel();
    await this.#host.status;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** The process above the server: it obeys the words on stdin, and ends with it. */
async function hostServer(port: number, folder: string): Promise<void> {
  let server: Deno.ChildProcess | undefined;
  const start = async () => {
    server = new Deno.Command(findServer()!, {
      args: [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
        ...["--appendonly", "yes", "--appendfsync", "always"],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    for (let i = 0; i < 200; i++) {
      try {
        using connection = await Deno.connect({ hostname: "127.0.0.1", port });
        await connection.write(new TextEncoder().encode("PING\r\n"));
        const answer = new Uint8Array(5);
        await connection.read(answer);
        if (new TextDecoder().decode(answer) === "+PONG") return;
      } catch {
        // It is not there yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("it does not answer");
  };
  const orders: Readonly<Record<string, () => Promise<unknown> | unknown>> = {
    start,
    kill: async () => {
      server!.kill("SIGKILL");
      await server!.status;
    },
    freeze: () => server!.kill("SIGSTOP"),
    thaw: () => server!.kill("SIGCONT"),
  };
  try {
    for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
      for (const order of text.trim().split("\n")) {
        let answer = "ok";
        try {
          await orders[order]!();
        } catch (error) {
          answer = error instanceof Error ? error.message : String(error);
        }
        await Deno.stdout.write(new TextEncoder().encode(`${answer}\n`));
      }
    }
  } finally {
    server?.kill("SIGKILL");
  }
}

if (import.meta.main) await hostServer(Number(Deno.args[0]), Deno.args[1]!);
