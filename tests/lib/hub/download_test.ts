import assert from "node:assert/strict";
import { join } from "node:path";
import { HubError } from "../../../lib/hub/hub_error.ts";
import { openHubModel } from "../../../lib/hub/hub_model.ts";
import type { HubProgress } from "../../../lib/hub/progress.ts";
import { withRetries } from "../../../lib/hub/retry.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { bytesOf, FakeHub, QUICK_RETRY, serveCut, sha256 } from "./fake_hub.ts";

const WEIGHTS = "diffusion_pytorch_model.safetensors";
const CONTENT = bytesOf(300_000, 7);
const FILES = { "config.json": "{}", [WEIGHTS]: CONTENT };

/** Runs a body with a Hub that has one network, and an empty cache. */
async function withNetwork(body: (hub: FakeHub, cache: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(FILES);
    await body(hub, cache);
  });
}

function blobPath(cache: string): string {
  return join(cache, "models--a--b", "blobs", sha256(CONTENT));
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("a transfer that is cut repeatedly is resumed where it was", async () => {
  await withNetwork(async (hub, cache) => {
    // More cuts than tries: each try brings new bytes.
    hub.fault = ({ server, range }) =>
      server === "store" ? serveCut(CONTENT, range, 40_000) : undefined;
    await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.deepEqual(await Deno.readFile(blobPath(cache)), CONTENT);
    const ranges = hub.contentRequests(WEIGHTS).map(({ range }) => range);
    assert.deepEqual(
      ranges,
      [null, ...[40, 80, 120, 160, 200, 240, 280].map((kilo) => `bytes=${kilo}000-`)],
    );
  });
});

Deno.test("a connection that breaks in a body of known size is resumed", async () => {
  await withNetwork(async (hub, cache) => {
    let count = 0;
    hub.fault = ({ server }) => {
      if (server === "hub" || count++ > 0) return undefined;
      const parts = [CONTENT.subarray(0, 50_000), CONTENT.subarray(50_000, 70_000)];
      const body = new ReadableStream({
        pull(controller) {
          const part = parts.shift();
          if (part) controller.enqueue(part);
          else controller.close();
        },
      });
      return new Response(body, { headers: { "content-length": String(CONTENT.byteLength) } });
    };
    await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.deepEqual(await Deno.readFile(blobPath(cache)), CONTENT);
    assert.deepEqual(hub.contentRequests(WEIGHTS).map(({ range }) => range), [
      null,
      "bytes=70000-",
    ]);
  });
});

Deno.test("a later call resumes the partial file of an aborted one", async () => {
  await withNetwork(async (hub, cache) => {
    const stop = new AbortController();
    // The second part never arrives.
    hub.fault = ({ server, range }) => {
      if (server === "hub") return undefined;
      setTimeout(() => stop.abort(new Error("enough")), 50);
      assert.equal(range, null);
      const body = new ReadableStream({ start: (c) => c.enqueue(CONTENT.subarray(0, 100_000)) });
      return new Response(body, { headers: { "content-length": String(CONTENT.byteLength) } });
    };
    const options = hub.options(cache, { download: true });
    await assert.rejects(
      openHubModel("a/b", { ...options, signal: stop.signal }),
      /^Error: enough$/,
    );
    assert.equal((await Deno.stat(`${blobPath(cache)}.incomplete`)).size, 100_000);

    hub.fault = () => undefined;
    hub.seen.length = 0;
    const events: HubProgress[] = [];
    const onProgress = (event: HubProgress) => events.push(event);
    await openHubModel("a/b", { ...options, onProgress });
    assert.deepEqual(await Deno.readFile(blobPath(cache)), CONTENT);
    assert.equal(events[0]!.bytesDone >= 100_000, true);
    assert.deepEqual(hub.contentRequests(WEIGHTS).map(({ range }) => range), ["bytes=100000-"]);
    // The listing is in the cache: the Hub is not asked again.
    assert.equal(hub.seen.some(({ path }) => path.startsWith("/api/")), false);
    assert.equal((await names(join(blobPath(cache), ".."))).length, 2);
  });
});

Deno.test("a server without ranges sends the whole file again", async () => {
  await withNetwork(async (hub, cache) => {
    let count = 0;
    hub.fault = ({ server }) =>
      server === "hub"
        ? undefined
        : count++ === 0
        ? serveCut(CONTENT, null, 90_000)
        : new Response(CONTENT);
    await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.deepEqual(await Deno.readFile(blobPath(cache)), CONTENT);
    assert.equal(count, 2);
  });
});

Deno.test("a server that starts over and is cut each time is given up", async () => {
  await withNetwork(async (hub, cache) => {
    hub.fault = ({ server }) => server === "store" ? serveCut(CONTENT, null, 90_000) : undefined;
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true })),
      /the transfer was cut off after 90000 of 300000 bytes; run again to resume/,
    );
    // The first try counts.
    assert.equal(hub.contentRequests(WEIGHTS).length, QUICK_RETRY.tries);
  });
});

Deno.test("a transfer without data is aborted and resumed", async () => {
  await withNetwork(async (hub, cache) => {
    let count = 0;
    hub.fault = ({ server }) =>
      server === "store" && count++ === 0
        ? new Response(new ReadableStream({ start: (c) => c.enqueue(CONTENT.subarray(0, 1000)) }))
        : undefined;
    const retry = { ...QUICK_RETRY, idleTimeout: 100 };
    await openHubModel("a/b", hub.options(cache, { download: true, retry }));
    assert.deepEqual(hub.contentRequests(WEIGHTS).map(({ range }) => range), [null, "bytes=1000-"]);
  });
});

Deno.test("a transfer that brings a few bytes each time is given up", async () => {
  await withNetwork(async (hub, cache) => {
    hub.fault = ({ server, range }) =>
      server === "store" ? serveCut(CONTENT, range, 10) : undefined;
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true })),
      /the transfer was cut off after 30 of 300000 bytes/,
    );
    assert.equal(hub.contentRequests(WEIGHTS).length, QUICK_RETRY.tries);
  });
});

Deno.test("a listing that is endless, silent or slow is given up", async () => {
  const stop = new AbortController();
  const bodies: Record<
    string,
    (controller: ReadableStreamDefaultController) => void | Promise<void>
  > = {
    endless: (controller) => controller.enqueue(new Uint8Array(2 ** 20)),
    silent: () => new Promise<void>((resolve) => stop.signal.onabort = () => resolve()),
    slow: async (controller) => {
      controller.enqueue(new Uint8Array(1));
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
  const expected: Record<string, [tries: number, message: RegExp]> = {
    endless: [1, /Cannot read the answer of http.*: expected at most 33554432 bytes, got more/],
    silent: [3, /Cannot read the answer of http.*: the server sent no data for 0.2 seconds/],
    slow: [3, /Cannot read the answer of http.*: the server sent only \d+ bytes for 0.2 seconds/],
  };
  for (const [name, [tries, message]] of Object.entries(expected)) {
    await withNetwork(async (hub, cache) => {
      hub.fault = () => new Response(new ReadableStream({ pull: bodies[name]! }));
      const retry = { ...QUICK_RETRY, idleTimeout: 200 };
      await assert.rejects(
        openHubModel("a/b", hub.options(cache, { download: true, retry })),
        message,
      );
      assert.equal(hub.seen.length, tries, name);
      stop.abort();
    });
  }
});

Deno.test("a Hub that accepts a connection and says nothing is given up", async () => {
  await inTemporaryFolder(async (cache) => {
    const fetch = (_: unknown, { signal }: RequestInit = {}) =>
      new Promise<Response>((_, reject) => {
        signal!.addEventListener("abort", () => reject(signal!.reason));
      });
    await using hub = new FakeHub(FILES);
    const retry = { ...QUICK_RETRY, idleTimeout: 50 };
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true, retry, fetch })),
      /Cannot read the answer of http.*: the server sent no data for 0.05 seconds/,
    );
  });
});

Deno.test("withRetries() tells what it waits for", async () => {
  const stop = new AbortController();
  const notes: string[] = [];
  const onNote = (message: string) => {
    notes.push(message);
    stop.abort(new Error("enough"));
  };
  const refused = new HubError("Cannot download x: the server answered 429", {
    isTransient: true,
    retryAfter: 12_300,
  });
  const policy = { ...QUICK_RETRY, maxRetryAfter: 60_000 };
  await assert.rejects(
    withRetries({ policy, signal: stop.signal, onNote }, () => Promise.reject(refused)),
    /^Error: enough$/,
  );
  assert.deepEqual(notes, [
    "Waiting 13 seconds before try 2 of 3: Cannot download x: the server answered 429",
  ]);
});

Deno.test("an unsatisfiable range (416) or another range starts over", async () => {
  for (
    const wrong of [
      () => new Response(null, { status: 416 }),
      () => new Response("x", { status: 206, headers: { "content-range": "bytes 5-5/6" } }),
    ]
  ) {
    await withNetwork(async (hub, cache) => {
      const options = hub.options(cache, { download: true });
      hub.fault = ({ range }) => range === null ? undefined : wrong();
      await Deno.mkdir(join(blobPath(cache), ".."), { recursive: true });
      await Deno.writeFile(`${blobPath(cache)}.incomplete`, CONTENT.subarray(0, 1000));
      await openHubModel("a/b", options);
      assert.deepEqual(await Deno.readFile(blobPath(cache)), CONTENT);
      const ranges = hub.contentRequests(WEIGHTS).map(({ range }) => range);
      assert.equal(ranges.at(-1), null);
    });
  }
});

Deno.test("content with a wrong hash is deleted and downloaded once more", async () => {
  await withNetwork(async (hub, cache) => {
    const spoilt = CONTENT.slice();
    spoilt[123]! ^= 1;
    let count = 0;
    hub.fault = ({ server }) =>
      server === "store" && count++ === 0 ? new Response(spoilt) : undefined;
    await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.deepEqual(await Deno.readFile(blobPath(cache)), CONTENT);
    assert.equal(hub.contentRequests(WEIGHTS).length, 2);
  });
});

Deno.test("content with a wrong hash twice is an error, and is deleted", async () => {
  for (const path of [WEIGHTS, "config.json"]) {
    await withNetwork(async (hub, cache) => {
      hub.fault = (request) =>
        path === WEIGHTS
          ? request.server === "store" ? new Response(bytesOf(300_000, 8)) : undefined
          : request.path.endsWith("config.json")
          ? new Response("[]")
          : undefined;
      await assert.rejects(
        openHubModel("a/b", hub.options(cache, { download: true })),
        (error: HubError) => {
          assert.match(error.message, /expected content with the hash \w+, got \w+ after 2 tries/);
          assert.equal(error.url?.startsWith(hub.endpoint), true);
          assert.equal(error.url?.endsWith(path), true);
          return error instanceof HubError;
        },
      );
      const left = await names(join(blobPath(cache), ".."));
      assert.equal(
        left.some((name) => name.includes(path === WEIGHTS ? sha256(CONTENT) : "9e26df")),
        false,
      );
    });
  }
});

Deno.test("a file with more bytes than announced is refused", async () => {
  await withNetwork(async (hub, cache) => {
    hub.fault = ({ server }) => server === "store" ? new Response(bytesOf(300_001, 7)) : undefined;
    await assert.rejects(
      openHubModel("a/b", hub.options(cache, { download: true })),
      /expected 300000 bytes, got more/,
    );
  });
});

Deno.test("429 and 5xx are retried, after the pause that the server asks for", async () => {
  const answers = [
    new Response(null, { status: 503 }),
    new Response(null, { status: 429, headers: { "retry-after": "1" } }),
  ];
  await withNetwork(async (hub, cache) => {
    hub.fault = ({ path }) => path.startsWith("/api/") ? answers.shift() : undefined;
    const start = performance.now();
    await openHubModel("a/b", hub.options(cache, { download: true }));
    assert.equal(performance.now() - start >= 1000, true);
    assert.equal(hub.seen.filter(({ path }) => path.startsWith("/api/")).length, 3);
  });
});

Deno.test("lasting errors of the server have status and address, after bounded tries", async () => {
  const cases: [number, Record<string, string>, number, RegExp][] = [
    [503, {}, 3, /the server answered 503/],
    [500, {}, 3, /the server answered 500/],
    [429, { "retry-after": "3600" }, 1, /answered 429.*; try again in 3600 seconds/],
    [429, { ratelimit: '"api";r=0;t=500' }, 1, /answered 429.*; try again in 500 seconds/],
    [404, {}, 1, /there is no such repository, revision or file/],
    [404, { "x-error-code": "RevisionNotFound" }, 1, /has no such revision/],
    [401, {}, 1, /check its name, accept the license at http.*\/a\/b and set HF_TOKEN/],
    [403, { "x-error-code": "GatedRepo" }, 1, /access is gated .* accept the license at .*\/a\/b/],
    [418, {}, 1, /the server answered 418/],
  ];
  for (const [status, headers, tries, message] of cases) {
    await withNetwork(async (hub, cache) => {
      hub.fault = () => new Response("no", { status, headers });
      await assert.rejects(
        openHubModel("a/b", hub.options(cache, { download: true })),
        (error: HubError) => {
          assert.equal(error.status, status);
          assert.equal(error.url, `${hub.endpoint}/api/models/a/b/revision/main?blobs=true`);
          assert.match(error.message, message);
          return error instanceof HubError;
        },
      );
      assert.equal(hub.seen.length, tries, `status ${status}`);
    });
  }
});

Deno.test("a failure of one file ends the others and leaves no model", async () => {
  await withNetwork(async (hub, cache) => {
    hub.fault = ({ path }) =>
      path.endsWith("config.json") ? new Response(null, { status: 404 }) : undefined;
    const options = hub.options(cache);
    await assert.rejects(openHubModel("a/b", { ...options, download: true }), /config\.json/);
    await assert.rejects(openHubModel("a/b", options), (error: HubError) => {
      assert.equal(error.missing.some(({ path }) => path === "config.json"), true);
      return true;
    });
  });
});

Deno.test("an answer that is not a listing is refused, and an unreachable Hub", async () => {
  await withNetwork(async (hub, cache) => {
    hub.fault = () => new Response("<html>");
    const options = hub.options(cache, { download: true });
    await assert.rejects(openHubModel("a/b", options), /Cannot use the answer of http.*: /);
    hub.fault = () => Response.json({ sha: "../../etc", siblings: [] });
    await assert.rejects(openHubModel("a/b", options), /expected a commit, got "\.\.\/\.\.\/etc"/);
    let tries = 0;
    const fetch = () => {
      tries++;
      return Promise.reject(new TypeError("no route"));
    };
    await assert.rejects(
      openHubModel("a/b", { ...options, fetch }),
      /Cannot reach localhost:\d+: no route; check the network, or HF_ENDPOINT/,
    );
    assert.equal(tries, QUICK_RETRY.tries);
  });
});

Deno.test("an aborted download rejects with the reason of the signal, also in a pause", async () => {
  await withNetwork(async (hub, cache) => {
    const options = hub.options(cache, { download: true });
    await assert.rejects(
      openHubModel("a/b", { ...options, signal: AbortSignal.abort(new Error("stop")) }),
      /^Error: stop$/,
    );
    hub.fault = () => new Response(null, { status: 429, headers: { "retry-after": "3" } });
    const start = performance.now();
    await assert.rejects(
      openHubModel("a/b", { ...options, signal: AbortSignal.timeout(100) }),
      { name: "TimeoutError" },
    );
    assert.equal(performance.now() - start < 2000, true);
  });
});
