import assert from "node:assert/strict";
import { checkRequest, drawToken, withSafeHeaders } from "../../../lib/studio/guard.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const OPTIONS = { token: TOKEN, port: 7860 };

function check(headers: Record<string, string>, path = `/${TOKEN}/api/jobs`, method = "GET") {
  const request = new Request(`http://127.0.0.1:7860${path}`, {
    method,
    headers: { host: "127.0.0.1:7860", ...headers },
  });
  return checkRequest(request, OPTIONS);
}

function statusOf(result: string | Response): number {
  return result instanceof Response ? result.status : 200;
}

Deno.test("a request of the page passes", () => {
  assert.equal(check({}), "/api/jobs");
  assert.equal(check({ host: "localhost:7860" }), "/api/jobs");
  const origin = "http://127.0.0.1:7860";
  assert.equal(check({ origin }, undefined, "POST"), "/api/jobs");
});

Deno.test("another host is refused: a name may point here", () => {
  for (const host of ["evil.example:7860", "127.0.0.1", "127.0.0.1:7861", "[::1]:7860", ""]) {
    assert.equal(statusOf(check({ host })), 403, host);
  }
});

Deno.test("another origin is refused, and changes need one", () => {
  for (const origin of ["http://evil.example", "http://127.0.0.1:7861", "null", ""]) {
    assert.equal(statusOf(check({ origin }, undefined, "POST")), 403, origin);
    assert.equal(statusOf(check({ origin })), 403, origin);
  }
  assert.equal(statusOf(check({}, undefined, "POST")), 403);
  assert.equal(statusOf(check({ "sec-fetch-site": "cross-site" })), 403);
  assert.equal(statusOf(check({ "sec-fetch-site": "same-site" })), 403);
});

Deno.test("without the token there is nothing", () => {
  for (const path of ["/", "/api/jobs", `/${TOKEN.slice(1)}/`, `/${TOKEN}0/`, "/favicon.ico"]) {
    assert.equal(statusOf(check({}, path)), 404, path);
  }
  assert.equal(statusOf(check({}, `/${TOKEN}`)), 303);
});

Deno.test("tokens differ, and answers refuse frames", () => {
  assert.match(drawToken(), /^[0-9a-f]{32}$/);
  assert.notEqual(drawToken(), drawToken());
  const { headers } = withSafeHeaders(new Response("a"));
  assert.equal(headers.get("x-frame-options"), "DENY");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
});
