import assert from "node:assert/strict";
import { permit } from "./permission_context.ts";

Deno.test("permissionsOf() opens Lospec only for its palettes, and only with --download", () => {
  const netOf = (command: "generate" | "pixelize" | "palettes", args: string[]) =>
    permit(command, args).filter((flag) => flag.startsWith("--allow-net"));
  for (const palette of [["--palette", "lospec:new-one"], ["--palette=LOSPEC:new-one"]]) {
    const generate = ["--prompt", "a", ...palette];
    assert.deepEqual(netOf("generate", generate), []);
    assert.deepEqual(netOf("generate", [...generate, "--download"]), ["--allow-net=lospec.com"]);
    const pixelize = ["a.png", ...palette];
    assert.deepEqual(netOf("pixelize", pixelize), []);
    assert.deepEqual(netOf("pixelize", [...pixelize, "--download"]), ["--allow-net=lospec.com"]);
  }
  assert.deepEqual(netOf("palettes", ["lospec:a", "--download"]), ["--allow-net=lospec.com"]);
  assert.deepEqual(netOf("palettes", ["sweetie-16", "--download"]), []);
  assert.deepEqual(netOf("pixelize", ["a.png", "--palette", "sweetie-16", "--download"]), []);
});

Deno.test("permissionsOf() lets a palette of Lospec be kept", () => {
  const found = permit("pixelize", ["a.png", "--palette", "lospec:x", "-o", "out", "--download"]);
  const writes = found.find((flag) => flag.startsWith("--allow-write="))!;
  assert.deepEqual(writes.slice(14).split(",").sort(), ["/home/out", "/home/workdir/palettes"]);
});
