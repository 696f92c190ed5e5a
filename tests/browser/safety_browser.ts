/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Browser } from "npm:playwright-core@1.65.1";
import { openBrowser, withStudio } from "./studio_page.ts";

let browser: Browser;
Deno.test.beforeAll(async () => void (browser = await openBrowser()));
Deno.test.afterAll(() => browser.close());

/** A page of another site, on another port of this machine. */
async function withOtherSite(body: (address: string) => Promise<void>): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response("<!doctype html><title>other</title>", {
        headers: { "content-type": "text/html" },
      }),
  );
  await body(`http://127.0.0.1:${server.addr.port}/`);
}

Deno.test("another site can neither read nor order, though it knows the address", async () => {
  await withStudio(browser, {}, async ({ browser, server, worker }) => {
    await withOtherSite(async (address) => {
      const page = await browser.newPage();
      await page.goto(address);
      const results = await page.evaluate(async (studio) => {
        const order = JSON.stringify({
          prompt: "x",
          size: [16, 16],
          palette: "pico-8",
          preset: "draft",
          seed: "1",
        });
        const attempt = (path: string, init?: RequestInit) =>
          fetch(studio + path, init).then(({ status }) => String(status), () => "blocked");
        const blind = await attempt("api/jobs", { method: "POST", mode: "no-cors", body: order });
        const events = await new Promise<string>((done) => {
          const source = new EventSource(`${studio}api/events`);
          source.onopen = () => done("open");
          source.onerror = () => done("blocked");
        });
        const script = await new Promise<string>((done) => {
          const element = document.createElement("script");
          element.type = "module";
          element.src = `${studio}lib/studio/page/studio.ts`;
          element.onload = () => done("loaded");
          element.onerror = () => done("blocked");
          document.head.append(element);
        });
        return [await attempt("api/settings"), blind, events, script];
      }, server.address);
      assert.deepEqual([results[0], ...results.slice(2)], ["blocked", "blocked", "blocked"]);
      await page.close();
    });
    assert.deepEqual(worker.asked, []);
  });
});

Deno.test("a name that points to this machine gets nothing (DNS rebinding)", async () => {
  await withStudio(browser, {}, async ({ server }) => {
    const { port, pathname } = new URL(server.address);
    const rebound = await openBrowser(["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    try {
      const page = await rebound.newPage();
      const response = await page.goto(`http://evil.example:${port}${pathname}`);
      assert.equal(response!.status(), 403);
    } finally {
      await rebound.close();
    }
  });
});

Deno.test("the page asks no other host, and works in both themes and all sizes", async () => {
  await withStudio(browser, {}, async ({ open, server }) => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [360, 1280, 3840]) {
        const page = await open({ colorScheme, viewport: { width, height: 900 } });
        const hosts: string[] = [];
        page.on("request", (request) => void hosts.push(new URL(request.url()).host));
        await page.reload();
        await page.getByRole("combobox", { name: "Prompt" }).waitFor();
        const overflow = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth
        );
        assert.equal(overflow, 0, `${width} ${colorScheme}`);
        assert.deepEqual([...new Set(hosts)], [new URL(server.address).host]);
        await page.context().close();
      }
    }
  });
});
