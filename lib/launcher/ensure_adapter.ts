/** What looking for an adapter needs to know and do; a test gives its own. */
export interface AdapterHost {
  /** Tells whether WebGPU gives an adapter, in a process that began after the last install. */
  hasAdapter(): Promise<boolean>;
  /** Text of `/etc/os-release`; "" where there is none. */
  osRelease(): string;
  /** Whether the user is root. */
  isRoot(): boolean;
  /** Runs apt-get. Returns its exit code and what it printed. */
  aptGet(args: readonly string[]): Promise<{ code: number; output: string }>;
  /** Tells the user what happens. */
  say(line: string): void;
}

/** There is no WebGPU adapter, and none could be installed. */
export class AdapterError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "AdapterError";
}

/** Mesa's software Vulkan (lavapipe); it also holds the drivers of Intel and AMD GPUs. */
const PACKAGE = "mesa-vulkan-drivers";
const INSTALL = ["install", "--yes", "--no-install-recommends", PACKAGE];

/**
 * Makes sure that WebGPU has an adapter.
 *
 * Where none does and the machine is Debian or Ubuntu and the user is root, it installs Mesa's
 * Vulkan drivers.
 *
 * @throws {AdapterError} If there is none in the end, with the command that helps.
 */
export async function ensureAdapter(host: AdapterHost): Promise<void> {
  if (await host.hasAdapter()) return;
  const missing = "Cannot find a WebGPU adapter";
  if (!isDebian(host.osRelease())) {
    throw new AdapterError(
      `${missing}: install a Vulkan driver, such as Mesa's (package "${PACKAGE}" on Debian and ` +
        `Ubuntu, "mesa-vulkan-drivers" on Fedora, "vulkan-swrast" on Arch), then run again`,
    );
  }
  if (!host.isRoot()) {
    const command = `sudo apt-get update && sudo apt-get install --yes ${PACKAGE}`;
    throw new AdapterError(`${missing}: run \`${command}\`, then run again`);
  }
  host.say(`There is no WebGPU adapter here; installing ${PACKAGE} (software Vulkan) by apt-get …`);
  let result = await host.aptGet(INSTALL);
  if (result.code !== 0) {
    // A fresh machine has no list of packages yet.
    const update = await host.aptGet(["update"]);
    result = update.code === 0 ? await host.aptGet(INSTALL) : update;
  }
  if (result.code !== 0) {
    const reason = result.output.trim().split("\n").slice(-3).join(" / ");
    throw new AdapterError(`Cannot install "${PACKAGE}": apt-get ended with ${reason}`);
  }
  if (!await host.hasAdapter()) {
    throw new AdapterError(`${missing}: "${PACKAGE}" is installed, but Vulkan still gives none`);
  }
  host.say("Installed; WebGPU has an adapter now");
}

/** Tells Debian and what is made of it by the text of `/etc/os-release`. */
function isDebian(osRelease: string): boolean {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease);
}
