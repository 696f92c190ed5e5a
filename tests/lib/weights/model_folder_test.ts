import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ModelFolderError } from "../../../lib/weights/model_folder.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

/** Serves answers by path and notes what was asked. */
async function withServer(
  answer: (request: Request) => Response,
  use: (address: string, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return answer(request);
  });
  try {
    await use(`http://localhost:${server.addr.port}/models/mini`, asked);
  } finally {
    await server.shutdown();
  }
}

Deno.test("openModelFolder() reads a path and a file: URL", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.mkdir(join(folder, "unet"));
    await Deno.writeTextFile(join(folder, "unet", "config.json"), "{}");
    for (const location of [folder, pathToFileURL(folder), pathToFileURL(folder).href]) {
      const model = openModelFolder(location);
      assert.equal(await model.has("unet/config.json"), true);
      assert.equal(await model.has("vae/config.json"), false);
      assert.equal(await model.has("unet"), false);
      assert.equal(await model.text("unet/config.json"), "{}");
      const source = await model.source("unet/config.json");
      assert.equal(source.byteLength, 2);
      assert.deepEqual([...source.read(1, 1)], [0x7d]);
      assert.throws(() => source.read(1, 2), /Cannot read bytes 1 to 3 of .*config.json/);
      source.close();
      source.close();
      await assert.rejects(
        model.text("vae/config.json"),
        (error) => error instanceof ModelFolderError && /there is no such file/.test(error.message),
      );
    }
  });
});

Deno.test("openModelFolder() reads files only, and texts of a bounded size", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.mkdir(join(folder, "a.json"));
    using file = await Deno.create(join(folder, "b.json"));
    await file.truncate(2 ** 33);
    const model = openModelFolder(folder);
    await assert.rejects(model.text("a.json"), /a.json": it is not a file$/);
    await assert.rejects(model.source("a.json"), /a.json": it is not a file$/);
    await assert.rejects(
      model.text("b.json"),
      /b.json": expected at most 67108864 bytes, got 8589934592$/,
    );
    (await model.source("b.json")).close();
    const single = openModelFolder(join(folder, "b.json"));
    assert.equal(await single.has("unet/config.json"), false);
    await assert.rejects(
      single.text("unet/config.json"),
      /expected a folder in diffusers layout, got a file$/,
    );
  });
});

Deno.test("openModelFolder() refuses other addresses", () => {
  for (const location of ["ftp://host/x", "http://[", "https://host:99999/"]) {
    assert.throws(
      () => openModelFolder(location),
      /^TypeError: Cannot open the model folder ".*": expected a path or a file:, http: or https:/,
    );
  }
});

Deno.test("openModelFolder() downloads a file once", async () => {
  const answer = (request: Request) =>
    new URL(request.url).pathname === "/models/mini/a.txt"
      ? new Response("hello")
      : new Response("not here", { status: 404 });
  await withServer(answer, async (address, asked) => {
    const model = openModelFolder(address, { cacheName: null });
    assert.equal(await model.has("a.txt"), true);
    assert.equal(await model.text("a.txt"), "hello");
    const source = await model.source("a.txt");
    assert.equal(new TextDecoder().decode(source.read(1, 3)), "ell");
    assert.equal(await model.has("b.txt"), false);
    assert.deepEqual(asked, ["/models/mini/a.txt", "/models/mini/b.txt"]);
    await assert.rejects(
      model.text("b.txt"),
      (error) =>
        error instanceof ModelFolderError && error.status === 404 &&
        error.location === `${address}/b.txt`,
    );
  });
});

Deno.test("openModelFolder() keeps files in the Web cache", async () => {
  const cacheName = `smalti-test-${crypto.randomUUID()}`;
  try {
    let version = "1";
    const answer = (request: Request) => {
      if (request.url.endsWith("/missing.txt")) return new Response("", { status: 404 });
      const headers = { etag: `"${version}"` };
      return request.headers.get("if-none-match") === headers.etag
        ? new Response(null, { status: 304, headers })
        : new Response(`version ${version}`, { headers });
    };
    let kept = "";
    await withServer(answer, async (address, asked) => {
      kept = address;
      const read = () => openModelFolder(address, { cacheName }).text("a.txt");
      assert.equal(await read(), "version 1");
      assert.equal(await read(), "version 1");
      version = "2";
      assert.equal(await read(), "version 2");
      assert.equal(asked.length, 3);
      assert.equal(await openModelFolder(address, { cacheName }).has("missing.txt"), false);
    });
    // The server is gone: what was kept is used.
    assert.equal(await openModelFolder(kept, { cacheName }).text("a.txt"), "version 2");
    assert.equal(await openModelFolder(kept, { cacheName }).has("missing.txt"), false);
    await assert.rejects(openModelFolder(kept, { cacheName }).text("b.txt"), ModelFolderError);
  } finally {
    await caches.delete(cacheName);
  }
});

/**
 * Answers each connection with the next text, byte for byte, and closes it: HTTP without length.
 */
async function withRawServer(
  answers: readonly string[],
  use: (address: string) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ port: 0, hostname: "localhost" });
  const serving = (async () => {
    for (const answer of answers) {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(answer));
    }
  })();
  try {
    await use(`http://localhost:${(listener.addr as Deno.NetAddr).port}/models/mini`);
    await serving;
  } finally {
    listener.close();
  }
}

Deno.test("openModelFolder() does not keep a file that was cut", async () => {
  const cacheName = `smalti-test-${crypto.randomUUID()}`;
  const head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
  try {
    const answers = [`${head}{"a":`, `${head}{"a":1}`];
    await withRawServer(answers, async (address) => {
      const read = () => openModelFolder(address, { cacheName }).text("a.json");
      assert.equal(await read(), `{"a":`);
      assert.equal(await read(), `{"a":1}`);
      // Complete: it is kept, and the server is not asked again.
      assert.equal(await read(), `{"a":1}`);
    });
    await withRawServer([`${head}#version`, `${head}#version: 0.2`], async (address) => {
      const read = () => openModelFolder(address, { cacheName }).text("merges.txt");
      assert.equal(await read(), "#version");
      assert.equal(await read(), "#version: 0.2");
    });
  } finally {
    await caches.delete(cacheName);
  }
});

Deno.test("openModelFolder() downloads again what was kept unchecked, or when it is forced", async () => {
  const cacheName = `smalti-test-${crypto.randomUUID()}`;
  try {
    await withServer(() => new Response("whole"), async (address, asked) => {
      const cache = await caches.open(cacheName);
      await cache.put(`${address}/a.txt`, new Response("who"));
      assert.equal(await openModelFolder(address, { cacheName }).text("a.txt"), "whole");
      assert.equal(await openModelFolder(address, { cacheName }).text("a.txt"), "whole");
      assert.equal(asked.length, 1);
      const forced = openModelFolder(address, { cacheName, isForced: true });
      assert.equal(await forced.text("a.txt"), "whole");
      assert.equal(asked.length, 2);
    });
  } finally {
    await caches.delete(cacheName);
  }
});

Deno.test("openModelFolder() gives up on a server that is silent, or sends without end", async () => {
  const stop = new AbortController();
  const bodies: Record<
    string,
    (controller: ReadableStreamDefaultController) => void | Promise<void>
  > = {
    "silent.json": () => new Promise<void>((resolve) => stop.signal.onabort = () => resolve()),
    "slow.json": async (controller) => {
      controller.enqueue(new Uint8Array(1));
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    "endless.json": (controller) => controller.enqueue(new Uint8Array(2 ** 20)),
  };
  const answer = (request: Request) =>
    new Response(new ReadableStream({ pull: bodies[request.url.split("/").at(-1)!]! }));
  await withServer(answer, async (address) => {
    const model = openModelFolder(address, { cacheName: null, idleTimeout: 300 });
    await assert.rejects(
      model.text("silent.json"),
      /silent.json": the server sent no data for 0.3 seconds/,
    );
    await assert.rejects(
      model.text("slow.json"),
      /slow.json": the server sent only \d+ bytes for 0.3 seconds/,
    );
    await assert.rejects(
      model.text("endless.json"),
      /endless.json": expected at most 67108864 bytes, got more/,
    );
    stop.abort();
    const aborted = openModelFolder(address, { cacheName: null, signal: AbortSignal.abort() });
    await assert.rejects(aborted.text("slow.json"), { name: "AbortError" });
  });
});

Deno.test("openModelFolder() names the status and the address when a download fails", async () => {
  await withServer(() => new Response("busy", { status: 503 }), async (address) => {
    const model = openModelFolder(address, { cacheName: null });
    await assert.rejects(model.source("a.bin"), (error) => {
      assert.ok(error instanceof ModelFolderError);
      assert.equal(error.status, 503);
      assert.match(error.message, /^Cannot read "http:.*a.bin": the server answered 503/);
      return true;
    });
  });
});

Deno.test("openModelFolder() tries again after a failure", async () => {
  let count = 0;
  const answer = () => new Response("text", { status: count++ === 0 ? 500 : 200 });
  await withServer(answer, async (address) => {
    const model = openModelFolder(address, { cacheName: null });
    await assert.rejects(model.text("a.txt"), /answered 500/);
    assert.equal(await model.text("a.txt"), "text");
  });
});
