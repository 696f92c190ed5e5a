/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { decodePng } from "../../lib/image/decode_png.ts";
import { addRun } from "../lib/studio/gallery_pictures.ts";
import { assertAccessible } from "./accessibility.ts";
import { openBrowser, withStudio } from "./studio_page.ts";

let browser: Browser;
Deno.test.beforeAll(async () => void (browser = await openBrowser()));
Deno.test.afterAll(() => browser.close());

async function openGallery(page: Page, output: string): Promise<void> {
  for (const [run, second] of [["draft/a", 255], ["draft/b", 128]] as const) {
    await addRun(output, run, second);
  }
  await page.getByRole("link", { name: "Gallery" }).click();
  await pictures(page).nth(1).waitFor();
}

const pictures = (page: Page) => page.getByRole("list", { name: "Pictures" }).getByRole("listitem");

Deno.test("runs are starred, deleted and taken back by keyboard", async () => {
  await withStudio(browser, {}, async ({ page, output }) => {
    await openGallery(page, output);
    await pictures(page).first().getByRole("link").focus();
    await page.keyboard.press("s");
    await pictures(page).getByRole("button", { name: "Star a flag", pressed: true }).waitFor();
    await page.getByLabel("Starred only").check();
    await page.getByText("1 of 2 pictures").waitFor();
    await page.getByLabel("Starred only").uncheck();
    await pictures(page).first().getByRole("link").focus();
    await page.keyboard.press("Delete");
    await page.getByText("1 picture", { exact: true }).waitFor();
    // The button that takes it back has the focus.
    await page.keyboard.press("Enter");
    await page.getByText("2 pictures", { exact: true }).waitFor();
  });
});

Deno.test("pictures of a prompt are ranked, with their contact sheet", async () => {
  await withStudio(browser, {}, async ({ page, output }) => {
    await openGallery(page, output);
    for (const [run, score] of [["draft/a", 0.25], ["draft/b", 0.5]] as const) {
      await Deno.writeTextFile(`${output}/${run}/picture.json`, JSON.stringify({ score }));
    }
    await addRun(output, "draft/c", 7);
    await page.reload();
    await page.getByLabel("Order").selectOption("score");
    const group = page.getByRole("region", { name: "a flag" });
    await group.getByText("not scored").waitFor();
    const places = await group.locator(".place").allTextContents();
    assert.deepEqual(places, ["1. +0.500", "2. +0.250", "not scored"]);
    const first = group.getByRole("listitem").first().getByRole("link");
    assert.match((await first.getAttribute("href"))!, /draft%2Fb$/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      group.getByRole("link", { name: "Contact sheet of 2" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "contact_sheet.png");
  });
});

Deno.test("a run that was stopped is continued from the gallery", async () => {
  await withStudio(browser, {}, async ({ page, output, worker }) => {
    await openGallery(page, output);
    const lines = `${JSON.stringify({ step: 3, steps: 8 })}\n`;
    await Deno.writeTextFile(`${output}/draft/a/metrics.jsonl`, lines);
    await Deno.writeFile(`${output}/draft/a/checkpoint_3.safetensors`, new Uint8Array());
    await page.reload();
    await page.getByText("a flag").nth(1).waitFor();
    await page.goto(`${page.url().split("#")[0]}#/gallery/draft%2Fa`);
    await page.getByText("stopped after step 3 of 8").waitFor();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
    assert.deepEqual(worker.asked, [["--resume", `${output}/draft/a`, "--score"]]);
  });
});

Deno.test("a picture is downloaded at a whole scale", async () => {
  await withStudio(browser, {}, async ({ page, output }) => {
    await openGallery(page, output);
    await pictures(page).first().getByRole("link").click();
    await page.getByLabel("Scale").fill("5");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "PNG" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^draft-[ab]_x5\.png$/);
    const { image } = decodePng(await Deno.readFile(await download.path()));
    assert.deepEqual([image.height, image.width], [40, 40]);
  });
});

Deno.test("two pictures are compared, in both themes and without a serious fault", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await withStudio(browser, { context: { colorScheme } }, async ({ page, output }) => {
      await openGallery(page, output);
      await pictures(page).first().getByRole("link").click();
      for (const one of await pictures(page).getByRole("checkbox").all()) await one.check();
      const comparison = page.getByRole("region", { name: "Comparison" });
      assert.equal(await comparison.getByRole("img").count(), 2);
      await assertAccessible(page, colorScheme);
      await page.setViewportSize({ width: 360, height: 800 });
      const overflow = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      assert.equal(overflow, 0);
      await comparison.getByRole("button", { name: "Slider" }).click();
      await comparison.getByRole("slider").fill("25");
      const clip = await comparison.locator(".over").evaluate((node) =>
        getComputedStyle(node).clipPath
      );
      assert.equal(clip, "inset(0px 0px 0px 25%)");
      await assertAccessible(page, colorScheme);
    });
  }
});
