import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "npm:playwright-core@1.65.1";
import type { RunWorker } from "../../lib/studio/maker.ts";
import { StudioServer } from "../../lib/studio/studio_server.ts";
import { type FakeRunOptions, FakeWorker } from "../lib/studio/fake_worker.ts";
import { inTemporaryFolder } from "../support/temporary_folder.ts";
import { CHROMIUM } from "./chromium.ts";

/** Nothing but the page is started or fetched. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Time in which a page must do what a test waits for, in milliseconds: machines may be busy. */
const TIMEOUT_MS = 20_000;

/** Starts Chromium without a window. */
export async function openBrowser(args: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [...ARGS, ...args],
  });
}

/** What a test of the page gets. */
export interface StudioPage {
  readonly page: Page;
  readonly browser: Browser;
  readonly server: StudioServer;
  readonly worker: FakeWorker;
  /** The output folder. */
  readonly output: string;
  /** Opens one more page of the studio. */
  open(options?: BrowserContextOptions): Promise<Page>;
}

/** Options of {@linkcode withStudio}. */
export interface WithStudioOptions extends FakeRunOptions {
  /** Starts the worker. Default: a fake one. */
  readonly startWorker?: () => RunWorker;
  /** Requests that the server refuses; the browser tells each on its console. Default: 0. */
  readonly refusals?: number;
  /** Options of the first page, such as its color scheme. */
  readonly context?: BrowserContextOptions;
}

/**
 * Opens a page of a studio whose runs are fakes. An error of the page, a refused resource and a
 * message on its console fail the test.
 */
export async function withStudio(
  browser: Browser,
  options: WithStudioOptions,
  body: (studio: StudioPage) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (output) => {
    const worker = new FakeWorker(options);
    await using server = await StudioServer.start({
      port: 0,
      output,
      model: "mini",
      flags: [],
      startWorker: options.startWorker ?? (() => worker),
    });
    const faults: string[] = [];
    const contexts: { close(): Promise<void> }[] = [];
    const open = async (context: BrowserContextOptions = {}) => {
      const opened = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...context,
      });
      contexts.push(opened);
      const page = await opened.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
      });
      await page.goto(server.address);
      await page.getByRole("main").locator("> *").waitFor();
      return page;
    };
    try {
      const page = await open(options.context);
      await body({ page, browser, server, worker, output, open });
    } finally {
      for (const context of contexts) await context.close();
    }
    for (let left = options.refusals ?? 0; left > 0; left--) {
      const refusal = faults.findIndex((fault) => /status of 400/.test(fault));
      if (refusal < 0) throw new Error("Cannot accept the page: it was refused nothing");
      faults.splice(refusal, 1);
    }
    if (faults.length > 0) throw new Error(`Cannot accept the page: ${faults.join("; ")}`);
  });
}
