import { visibleText } from "../text/visible_text.ts";
import type { AdapterHost } from "./ensure_adapter.ts";

/** Path on Debian. Deno permits the launcher to run this file. */
const APT_GET = "/usr/bin/apt-get";

/** The machine that this program runs on. */
export class Machine implements AdapterHost {
  #isFresh = true;

  /** Asks in this process, and after an install in a new one: drivers are loaded only once. */
  async hasAdapter(): Promise<boolean> {
    if (this.#isFresh) {
      // Drivers print a warning if it is unset.
      if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
      return await navigator.gpu?.requestAdapter() != null;
    }
    const script = "Deno.exit(await navigator.gpu.requestAdapter() ? 0 : 1)";
    const { code } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
    return code === 0;
  }

  /** Reads `/etc/os-release`. */
  osRelease(): string {
    try {
      return Deno.readTextFileSync("/etc/os-release");
    } catch {
      return "";
    }
  }

  /** Tells whether the user is root. */
  isRoot(): boolean {
    return Deno.uid() === 0;
  }

  /** Runs apt-get, which asks no questions. */
  async aptGet(args: readonly string[]): Promise<{ code: number; output: string }> {
    this.#isFresh = false;
    const { code, stderr } = await new Deno.Command(APT_GET, {
      args: [...args],
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return { code, output: new TextDecoder().decode(stderr) };
  }

  /** Prints to stderr: stdout belongs to the results. */
  say(line: string): void {
    Deno.stderr.writeSync(encode(`${line}\n`));
  }

  /** Prints an error as the program does: a line on stderr, or an event on stdout. */
  sayError(message: string, isJson: boolean): void {
    if (!isJson) return this.say(`error: ${message}`);
    const event = { event: "error", message: visibleText(message) };
    Deno.stdout.writeSync(encode(`${JSON.stringify(event)}\n`));
  }

  /** Returns an environment variable; undefined if the launcher may not read it. */
  variable(name: string): string | undefined {
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  }

  /** Tells whether a file exists; false if the launcher may not know. */
  isFile(path: string): boolean {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(visibleText(text));
}
