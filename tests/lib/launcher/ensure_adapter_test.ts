import assert from "node:assert/strict";
import {
  AdapterError,
  type AdapterHost,
  ensureAdapter,
} from "../../../lib/launcher/ensure_adapter.ts";

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n';
const UBUNTU = "NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n";
const FEDORA = "ID=fedora\n";

/** A machine whose adapter appears after an install that works. */
function machine(
  state: { os?: string; root?: boolean; adapter?: boolean; lists?: boolean; broken?: boolean },
) {
  const { os = DEBIAN, root = true, broken = false } = state;
  let { adapter = false, lists = true } = state;
  const calls: string[] = [];
  const said: string[] = [];
  const host: AdapterHost = {
    hasAdapter: () => Promise.resolve(adapter),
    osRelease: () => os,
    isRoot: () => root,
    aptGet(args) {
      calls.push(args[0]!);
      if (args[0] === "update") lists = true;
      if (args[0] === "install" && lists && !broken) adapter = true;
      const isFailure = args[0] === "install" && (!lists || broken);
      return Promise.resolve({ code: isFailure ? 100 : 0, output: "E: no such package\n" });
    },
    say: (line) => said.push(line),
  };
  return { host, calls, said };
}

Deno.test("ensureAdapter() is silent where there is an adapter", async () => {
  const { host, calls, said } = machine({ adapter: true });
  assert.equal(await ensureAdapter(host), "ready");
  assert.deepEqual([calls, said], [[], []]);
});

Deno.test("ensureAdapter() says so and installs on Debian and Ubuntu, as root", async () => {
  for (const os of [DEBIAN, UBUNTU]) {
    const { host, calls, said } = machine({ os });
    assert.equal(await ensureAdapter(host), "installed");
    assert.deepEqual(calls, ["install"]);
    assert.match(said[0]!, /no WebGPU adapter.*installing mesa-vulkan-drivers/);
    // A new process loads the drivers.
    assert.equal(await ensureAdapter(host, true), "ready");
    assert.equal(said[1], "Installed; WebGPU has an adapter now");
  }
});

Deno.test("ensureAdapter() fetches the list of packages if the install needs it", async () => {
  const { host, calls } = machine({ lists: false });
  await ensureAdapter(host);
  assert.deepEqual(calls, ["install", "update", "install"]);
});

Deno.test("ensureAdapter() stops with the command to run for other users", async () => {
  const { host, calls } = machine({ root: false });
  await assert.rejects(ensureAdapter(host), (error) => {
    assert(error instanceof AdapterError);
    assert.equal(
      error.message,
      "Cannot find a WebGPU adapter: run " +
        "`sudo apt-get update && sudo apt-get install --yes mesa-vulkan-drivers`, then run again",
    );
    return true;
  });
  assert.deepEqual(calls, []);
});

Deno.test("ensureAdapter() names the package on other systems", async () => {
  for (const os of [FEDORA, ""]) {
    const { host, calls } = machine({ os });
    await assert.rejects(ensureAdapter(host), /Cannot find a WebGPU adapter: install a Vulkan/);
    assert.deepEqual(calls, []);
  }
});

Deno.test("ensureAdapter() installs once: then it says that there is still no adapter", async () => {
  const { host, calls } = machine({});
  await assert.rejects(ensureAdapter(host, true), {
    message: 'Cannot find a WebGPU adapter: "mesa-vulkan-drivers" is installed, but Vulkan still ' +
      "gives none",
  });
  assert.deepEqual(calls, []);
});

Deno.test("ensureAdapter() tells what apt-get said when it failed", async () => {
  const { host } = machine({ broken: true });
  await assert.rejects(ensureAdapter(host), {
    message: 'Cannot install "mesa-vulkan-drivers": apt-get ended with E: no such package',
  });
});
