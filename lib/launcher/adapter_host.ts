import type { AdapterHost } from "./ensure_adapter.ts";

/** Where Debian has it. Deno permits the launcher to run just this file. */
const APT_GET = "/usr/bin/apt-get";

/** The machine that this program runs on. */
export class Machine implements AdapterHost {
  #isFresh = true;

  /** Asks in this process, and after an install in a new one: drivers are looked for only once. */
  async hasAdapter(): Promise<boolean> {
    if (this.#isFresh) {
      // Where it is unset, drivers print a complaint.
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
    Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  }
}
