/**
 * Makes sure that Chromium is there for the tests of the studio's page: on Debian and Ubuntu, as
 * root, its package is installed if it is missing.
 *
 * @module
 */
import { CHROMIUM } from "./chromium.ts";

const APT_GET = "/usr/bin/apt-get";

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function installChromium(): Promise<number> {
  if (await Deno.stat(CHROMIUM).then(() => true, () => false)) return 0;
  if (Deno.uid() !== 0) {
    say(`Cannot find ${CHROMIUM}: run \`sudo apt-get install chromium\``);
    return 1;
  }
  say("Chromium is missing; installing it by apt-get …");
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", "chromium"]]) {
    const { code, stderr } = await new Deno.Command(APT_GET, {
      args,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdin: "null",
      stdout: "null",
    }).output();
    if (code === 0) continue;
    say(`Cannot install Chromium: ${new TextDecoder().decode(stderr).trim()}`);
    return 1;
  }
  return 0;
}

if (import.meta.main) Deno.exit(await installChromium());
