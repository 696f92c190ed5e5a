/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { assertAccessible } from "./accessibility.ts";
import { openBrowser, withStudio } from "./studio_page.ts";

let browser: Browser;
Deno.test.beforeAll(async () => void (browser = await openBrowser()));
Deno.test.afterAll(() => browser.close());

const stage = (page: Page) => page.getByRole("region", { name: "Progress" });

async function make(page: Page, text: string): Promise<void> {
  await page.getByRole("combobox", { name: "Prompt" }).fill(text);
  await page.getByRole("combobox", { name: "Prompt" }).press("Enter");
}

const button = (page: Page, name: string) => stage(page).getByRole("button", { name });

Deno.test("a run is paused, resumed, canceled and continued", async () => {
  await withStudio(browser, { holds: [3, 5] }, async ({ page, worker }) => {
    await make(page, "a boat");
    await stage(page).getByText("step 3 of 8").waitFor();
    await button(page, "Pause").click();
    await stage(page).getByText("Paused").waitFor();
    worker.release();
    await button(page, "Resume").click();
    await stage(page).getByText("step 5 of 8").waitFor();
    await button(page, "Cancel").click();
    await stage(page).getByText("Stopping after this step").waitFor();
    worker.release();
    await stage(page).getByText("Stopped").waitFor();
    await stage(page).getByText("step 5 of 8").waitFor();
    await button(page, "Continue").click();
    await stage(page).getByText("Done").waitFor();
    await stage(page).getByText("step 8 of 8").waitFor();
  });
});

Deno.test("losses and the time that is left are shown", async () => {
  await withStudio(browser, { holds: [4] }, async ({ page, worker }) => {
    await make(page, "a boat");
    await stage(page).getByRole("img", { name: "fft over 4 steps" }).waitFor();
    await stage(page).getByText(/about \d+ s left|under 1 s left/).waitFor();
    worker.release();
    await stage(page).getByText("Done").waitFor();
    await stage(page).getByRole("img", { name: "fft over 8 steps" }).waitFor();
  });
});

Deno.test("maps follow the steps, and stay when the run has ended", async () => {
  await withStudio(browser, { holds: [2] }, async ({ page, worker }) => {
    await make(page, "a boat");
    await stage(page).getByText("step 2 of 8").waitFor();
    await stage(page).getByText("Look inside").click();
    await stage(page).getByText("After step 2").waitFor();
    const maps = stage(page).getByRole("img", { name: /Entropy|Gradient: |sees/ });
    assert.equal(await maps.count(), 3);
    await stage(page).getByText("Cannot draw it").waitFor();
    worker.release();
    await stage(page).getByText("Done").waitFor();
    await stage(page).getByText(/After step [3-8]/).waitFor();
    const width = await maps.first().evaluate((node) => (node as HTMLImageElement).naturalWidth);
    assert.equal(width, 1);
  });
});

Deno.test("an earlier step is shown, and a new picture branches from it", async () => {
  await withStudio(browser, {}, async ({ page, worker }) => {
    await make(page, "a boat");
    await stage(page).getByText("Done").waitFor();
    await stage(page).getByRole("slider").fill("3");
    await stage(page).getByText("Step 3 of 8").waitFor();
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".frame.single canvas")!;
      return canvas.getContext("2d")!.getImageData(0, 0, 1, 1).data[0] === 0x13;
    });
    await button(page, "Branch from this step").click();
    await page.getByRole("img", { name: "Start image" }).waitFor();
    await make(page, "a ship");
    await stage(page).getByRole("heading", { name: "a ship" }).waitFor();
    await stage(page).getByText("Done").waitFor();
    assert.match(worker.asked[1]!.join(" "), /--input-image \S+-step-3\.png/);
  });
});

Deno.test("a page that loses its connection misses nothing", async () => {
  await withStudio(browser, { holds: [3] }, async ({ page, server, worker }) => {
    await make(page, "a boat");
    await stage(page).getByText("step 3 of 8").waitFor();
    server.dropPages();
    worker.release();
    await stage(page).getByText("Done").waitFor();
    // All steps are there, also those that were made while there was no connection.
    await stage(page).getByRole("img", { name: "fft over 8 steps" }).waitFor();
  });
});

Deno.test("a hidden page holds no connection, and misses nothing when it is seen again", async () => {
  await withStudio(browser, { holds: [3] }, async ({ page, open, worker }) => {
    const setHidden = (isHidden: boolean) =>
      page.evaluate((isHidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    await make(page, "a boat");
    await stage(page).getByText("step 3 of 8").waitFor();
    await setHidden(true);
    const other = await open();
    await stage(other).getByText("step 3 of 8").waitFor();
    worker.release();
    await stage(other).getByText("Done").waitFor();
    assert.equal(await stage(page).getByText("step 3 of 8").count(), 1);
    await setHidden(false);
    await stage(page).getByText("Done").waitFor();
    await stage(page).getByRole("img", { name: "fft over 8 steps" }).waitFor();
  });
});

Deno.test("two pages show the same, and a run continues when its page is closed", async () => {
  await withStudio(browser, { holds: [3] }, async ({ page, open, worker }) => {
    await make(page, "a boat");
    const other = await open();
    await stage(other).getByRole("heading", { name: "a boat" }).waitFor();
    await page.close();
    worker.release();
    await stage(other).getByText("Done").waitFor();
    await make(other, "fail");
    await stage(other).getByText("Cannot draw: no paint").waitFor();
  });
});

Deno.test("axe-core finds no serious fault, in both themes", async () => {
  await withStudio(browser, {}, async ({ page, open }) => {
    await page.getByText("More", { exact: true }).click();
    await assertAccessible(page, "empty");
    await make(page, "a boat");
    await stage(page).getByText("Done").waitFor();
    await make(page, "fail");
    await stage(page).getByText("Cannot draw: no paint").waitFor();
    await page.getByRole("button", { name: "a boat: Done" }).click();
    await assertAccessible(page, "light");
    const dark = await open({ colorScheme: "dark", viewport: { width: 360, height: 800 } });
    await stage(dark).getByText("Cannot draw: no paint").waitFor();
    await assertAccessible(dark, "dark");
  });
});
