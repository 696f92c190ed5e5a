import assert from "node:assert/strict";
import { openStore } from "../../../lib/queue/open_store.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-1" };
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A server that answers as S3 does; `failures` are given before; 0 is none. */
function serve(failures: number[] = []) {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  const signatures: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    signatures.push(request.headers.get("authorization") ?? "");
    const body = new Uint8Array(await request.arrayBuffer());
    const failure = failures.shift();
    if (failure) {
      const headers = failure === 307 ? { location: "http://127.0.0.1:9/x" } : undefined;
      return new Response(null, { status: failure, ...headers ? { headers } : {} });
    }
    const { pathname: key } = new URL(request.url);
    if (request.method === "GET") {
      const found = objects.get(key);
      return new Response(found ?? "<Error/>", { status: found ? 200 : 404 });
    }
    if (request.method === "DELETE") {
      objects.delete(key);
      return new Response(null, { status: 204 });
    }
    if (request.headers.get("if-none-match") === "*" && objects.has(key)) {
      return new Response("<Error/>", { status: 412 });
    }
    objects.set(key, body);
    return new Response(null);
  });
  const address = `s3+http://127.0.0.1:${server.addr.port}/sprites/mine`;
  return { server, signatures, objects, store: openStore(address, { variables: KEYS }) };
}

Deno.test("an S3 store writes, reads and removes objects, with signed requests", async () => {
  const { server, store, signatures, objects } = serve();
  await using _ = server;
  await store.probe();
  assert.equal(await store.get("results/p1/result.json"), undefined);
  await store.put("results/p1/result.json", bytesOf("{}"));
  assert.deepEqual(await store.get("results/p1/result.json"), bytesOf("{}"));
  assert(await store.putNew("new", bytesOf("first")));
  assert.equal(await store.putNew("new", bytesOf("second")), false);
  assert.deepEqual(await store.get("new"), bytesOf("first"));
  await store.remove("new");
  await store.remove("new");
  assert.deepEqual([...objects.keys()], ["/sprites/mine/results/p1/result.json"]);
  for (const signature of signatures) {
    assert.match(signature, /^AWS4-HMAC-SHA256 Credential=id\/\d+\/eu-west-1\/s3\//);
  }
});

Deno.test("an S3 store asks a busy server again, and says why it fails otherwise", async () => {
  const { server, store, signatures } = serve([503, 500, 0, 403, 404, 307]);
  await using _ = server;
  await store.put("a", bytesOf("x"));
  assert.equal(signatures.length, 3);
  const refusals = [
    /the keys give no right to it \(403\)/,
    /answered with 404/,
    /answered with 307/,
  ];
  for (const message of refusals) {
    await assert.rejects(store.put("a", bytesOf("x")), { name: "StoreError", message });
  }
});

Deno.test("an S3 store needs keys, and a server that answers", async () => {
  const address = "s3+http://127.0.0.1:9/sprites";
  assert.throws(() => openStore(address, { variables: {} }), {
    name: "QueueError",
    message: /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
  });
  const store = openStore(address, { variables: KEYS });
  await assert.rejects(store.get("a"), { name: "StoreError", message: /does not answer/ });
  assert.equal(
    openStore("s3://sprites/a", { variables: KEYS }).name,
    "https://s3.eu-west-1.amazonaws.com/sprites/a",
  );
});
