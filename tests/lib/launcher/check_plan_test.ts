import assert from "node:assert/strict";
import { checkPermissions } from "../../../lib/launcher/check_plan.ts";

const DENO = "/usr/bin/deno";

Deno.test("checkPermissions() takes permissions for named values only", () => {
  const named = ["--allow-read=/a", "--allow-write=/a,/b", "--allow-net=x:1", "--allow-env=HOME"];
  checkPermissions([...named, "--allow-sys=statfs", "--allow-read=/a\n/b"], ["generate"], DENO);
  const never = [
    ...[
      "-A",
      "--allow-all",
      "--allow-all=x",
      "--allow-run",
      `--allow-run=${DENO}`,
      "--allow-ffi=/a",
    ],
    ...["--allow-write", "--allow-net", "--allow-write=", "--allow-import=x", "--unstable-ffi"],
    ...[
      "--allow-read=/a -A".replace("=", " "),
      "--prompt",
      "run",
      "evil.ts",
      "",
      " --allow-read=/a",
    ],
  ];
  for (const flag of never) {
    for (const args of [["generate"], ["generate", "--runtime", "native"], ["palettes", "-A"]]) {
      assert.throws(() => checkPermissions([flag], args, DENO), /is never granted$/, flag);
    }
  }
});

Deno.test("checkPermissions() takes machine code only if it was typed, and Deno only for tests", () => {
  const native = ["--allow-read", "--allow-ffi", "--allow-env", "--allow-sys"];
  for (const args of [["generate", "--runtime", "native"], ["verify", "--runtime=native"]]) {
    checkPermissions(native, args, DENO);
  }
  for (const flag of native) {
    for (const args of [["generate"], ["generate", "--prompt", "alternative"]]) {
      assert.throws(() => checkPermissions([flag], args, DENO), /is never granted$/, flag);
    }
  }
  const deno = [`--allow-run=${DENO}`];
  for (const name of ["test", "bench"]) checkPermissions(deno, [name], DENO);
  assert.throws(() => checkPermissions(deno, ["bench-steps"], DENO), /is never granted$/);
  assert.throws(() => checkPermissions(["--allow-run=/bin/sh"], ["test"], DENO), /never granted$/);
});
