import { visibleText } from "../text/visible_text.ts";
import type { AdapterHost } from "./ensure_adapter.ts";

/** Path on Debian; the only program that Deno permits `find_adapter.ts` to run. */
const APT_GET = "/usr/bin/apt-get";

/** The machine that this program runs on. */
export class Machine implements AdapterHost {
  /** Asks in this process: drivers that are installed later are not seen. */
  async hasAdapter(): Promise<boolean> {
    // Drivers print a warning if it is unset.
    if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
    return await navigator.gpu?.requestAdapter() != null;
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
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(visibleText(text));
}
