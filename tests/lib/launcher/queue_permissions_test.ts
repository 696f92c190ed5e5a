import assert from "node:assert/strict";
import { checkPermissions } from "../../../lib/launcher/check_plan.ts";
import { assertPermissions, permit, PROJECT, WITHOUT_RUNTIME } from "./permission_context.ts";

const CLIENT = "SMALTI_QUEUE_PASSWORD,NODE_ENV,MSGPACKR_NATIVE_ACCELERATION_DISABLED";

Deno.test("a worker reaches its server and its store, and reads only the models that are typed", () => {
  const queue = ["--queue", "redis://10.0.0.5:6380"];
  const found = permit("worker", [...queue, "--store", "results", "--model", "/m/sdxl"]);
  assertPermissions(
    found,
    [...PROJECT, "/home/results", "/m/sdxl", "/home/workdir"],
    [
      "--allow-write=/home/results,/home/workdir",
      "--allow-net=10.0.0.5:6380",
      `--allow-env=COLORTERM,TERM,${CLIENT}`,
    ],
  );
  checkPermissions(found, ["worker", ...queue], "/bin/deno");
});

Deno.test("a worker reaches the host of its bucket, and reads its keys", () => {
  const found = permit("worker", [
    ...["--queue", "redis://q", "--store", "s3+http://minio.local:9000/sprites", "--output", "o"],
  ]);
  assertPermissions(found, [...PROJECT, "/home/o"], [
    "--allow-write=/home/o",
    "--allow-net=q:6379,minio.local:9000",
    "--allow-env=COLORTERM,TERM,SMALTI_QUEUE_PASSWORD,NODE_ENV," +
    "MSGPACKR_NATIVE_ACCELERATION_DISABLED,AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY," +
    "AWS_SESSION_TOKEN,AWS_REGION",
  ]);
});

Deno.test("generate and queue reach the server of --queue, and nothing else", () => {
  const net = "--allow-net=q:6379";
  assert(permit("generate", ["--queue", "redis://user:word@q"]).includes(net));
  const found = permit("queue", ["status", "--queue", "redis://q"], WITHOUT_RUNTIME);
  assertPermissions(found, ["/project"], [net, `--allow-env=COLORTERM,TERM,${CLIENT}`]);
});

Deno.test("addresses that are not exactly one host are refused", () => {
  const wrong = ["http://q", "redis://", "redis://*", "redis://q:1,10.0.0.1", "redis://q/x", "q:1"];
  for (const queue of [...wrong, "redis://q?host=b", "redis://a b"]) {
    assert.throws(() => permit("queue", ["status", "--queue", queue]), { name: "AddressError" });
  }
  for (
    const store of ["s3://", "s3+http://*/b", "s3+http://h", "s3+http://h,i/b", "s3://b/../c?x"]
  ) {
    const args = ["--queue", "redis://q", "--store", store];
    assert.throws(() => permit("worker", args), { name: "AddressError" }, store);
  }
});

Deno.test("an error about an address does not show its password", () => {
  assert.throws(
    () => permit("queue", ["status", "--queue", "redis://user:secret@q/x"]),
    ({ message }: Error) => !message.includes("secret") && message.includes("//…@q/x"),
  );
});

Deno.test("a command without its address is started, so that it can say what is missing", () => {
  for (const args of [["worker"], ["queue", "status"]]) {
    const found = permit(args[0]!, args.slice(1));
    assert(found.some((flag) => flag.endsWith("NODE_ENV,MSGPACKR_NATIVE_ACCELERATION_DISABLED")));
    assert(!found.some((flag) => flag.startsWith("--allow-net")));
  }
});
