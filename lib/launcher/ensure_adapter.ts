/** The machine, as far as the search for an adapter needs it; a test passes a fake. */
export interface AdapterHost {
  /** Tells whether WebGPU has an adapter, by drivers that were there when the process started. */
  hasAdapter(): Promise<boolean>;
  /** Returns the text of `/etc/os-release`; "" if there is none. */
  osRelease(): string;
  /** Tells whether the user is root. */
  isRoot(): boolean;
  /** Runs apt-get. Returns its exit code and what it printed. */
  aptGet(args: readonly string[]): Promise<{ code: number; output: string }>;
  /** Prints a line for the user. */
  say(line: string): void;
}

/** There is no WebGPU adapter, and no driver could be installed. */
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
 * If there is none, it installs Mesa's Vulkan drivers for root on Debian and Ubuntu.
 *
 * @param wasInstalled Whether an earlier process has installed them.
 * @returns "installed" if the caller must ask again in a new process, which loads the drivers.
 * @throws {AdapterError} If there is still none, with the command that helps.
 */
export async function ensureAdapter(
  host: AdapterHost,
  wasInstalled: boolean = false,
): Promise<"ready" | "installed"> {
  if (await host.hasAdapter()) {
    if (wasInstalled) host.say("Installed; WebGPU has an adapter now");
    return "ready";
  }
  const missing = "Cannot find a WebGPU adapter";
  if (wasInstalled) {
    throw new AdapterError(`${missing}: "${PACKAGE}" is installed, but Vulkan still gives none`);
  }
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
  return "installed";
}

/** Recognizes Debian and systems based on it by the text of `/etc/os-release`. */
function isDebian(osRelease: string): boolean {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease);
}
