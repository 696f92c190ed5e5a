import assert from "node:assert/strict";
import {
  type DevelopmentCommand,
  developmentPermissions,
} from "../../../lib/launcher/development_permissions.ts";
import { assertPermissions, CONTEXT, PROJECT, TERMINAL } from "./permission_context.ts";

const DEVELOPMENT = { ...CONTEXT, deno: "/bin/deno" };

Deno.test("tests may start Deno and serve on this machine", () => {
  assert.deepEqual(developmentPermissions("test", ["tests/config"], DEVELOPMENT), [
    "--allow-read=/project,/cache/ort.wasm",
    "--allow-write=/project/workdir",
    "--allow-net=localhost,127.0.0.1,0.0.0.0",
    "--allow-run=/bin/deno",
    "--allow-env=NODE_ENV,MSGPACKR_NATIVE_ACCELERATION_DISABLED",
  ]);
});

Deno.test("the benchmarks read their teacher and write their folder; values are no flags", () => {
  const args = ["--set", "names48", "--override", "--output=/", "--model", "/m", "--judge=j"];
  assertPermissions(
    developmentPermissions("bench-recipes", args, DEVELOPMENT),
    [...PROJECT, "/m", "/home/j", "/home/workdir/bench"],
    ["--allow-write=/home/workdir/bench", TERMINAL],
  );
  const native: [DevelopmentCommand, string[], boolean][] = [
    ["bench-steps", ["--runtime", "native"], true],
    ["bench-steps", ["--sizes", "--runtime=native"], false],
  ];
  for (const [command, args, isNative] of native) {
    const found = developmentPermissions(command, args, DEVELOPMENT);
    assert.equal(found.includes("--allow-ffi"), isNative, args.join(" "));
  }
});

Deno.test("bench-queue may start Deno, and reach this machine only", () => {
  const found = developmentPermissions("bench-queue", ["--mode", "throughput"], DEVELOPMENT);
  assertPermissions(found, [...PROJECT, "/home/workdir/bench"], [
    "--allow-write=/home/workdir/bench",
    "--allow-net=127.0.0.1",
    "--allow-run=/bin/deno",
    "--allow-env=COLORTERM,TERM,NODE_ENV,MSGPACKR_NATIVE_ACCELERATION_DISABLED",
  ]);
});
