import assert from "node:assert/strict";
import { runChild } from "../../../lib/launcher/run_child.ts";

const READY = "ready\n";

/** A program that ends with 7 at the first SIGINT, and with 9 if there is none. */
const WAITING = `
  Deno.addSignalListener("SIGINT", () => Deno.exit(7));
  await Deno.stdout.write(new TextEncoder().encode(${JSON.stringify(READY)}));
  setTimeout(() => Deno.exit(9), 20_000);
`;

Deno.test("runChild() returns the exit code of its child", async () => {
  assert.equal(await runChild(["eval", "Deno.exit(3)"], "."), 3);
});

Deno.test("runChild() gives its child variables besides its own", async () => {
  const program = 'Deno.exit(Deno.env.get("PATH") && Deno.env.get("ADDED") === "1" ? 4 : 5)';
  assert.equal(await runChild(["eval", program], ".", { env: { ADDED: "1" } }), 4);
});

Deno.test("runChild() hands Ctrl-C on, and ends when its child does", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", `--allow-run=${Deno.execPath()}`],
      ...[new URL(import.meta.url).pathname, WAITING],
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), READY);
  child.kill("SIGINT");
  assert.equal((await child.status).code, 7);
  await reader.cancel();
});

/** A program that computes, and cannot answer. */
const BUSY = `
  Deno.addSignalListener("SIGINT", () => {});
  await Deno.stdout.write(new TextEncoder().encode(${JSON.stringify(READY)}));
  for (const end = Date.now() + 20_000; Date.now() < end;);
  Deno.exit(9);
`;

Deno.test("runChild() answers Ctrl-C for a child that computes, and ends it at the second", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", `--allow-run=${Deno.execPath()}`],
      ...[new URL(import.meta.url).pathname, BUSY],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [out, error] = [child.stdout.getReader(), child.stderr.getReader()];
  await out.read();
  child.kill("SIGINT");
  const start = performance.now();
  const { value } = await error.read();
  assert.equal(new TextDecoder().decode(value), "busy\n");
  assert(performance.now() - start < 5000);
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert(performance.now() - start < 10_000);
  await Promise.all([out.cancel(), error.cancel()]);
});

// Two tests run this file as the launcher.
if (import.meta.main && Deno.args.length === 1) {
  Deno.exit(await runChild(["eval", Deno.args[0]!], ".", { waiting: "busy" }));
}
