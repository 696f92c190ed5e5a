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

const picture = (page: Page) => page.getByRole("application", { name: "Picture to paint" });

/** Opens the painter with a picture of 8 x 8: red above, blue below. */
async function openPainter(page: Page, output: string): Promise<void> {
  await addRun(output, "draft/a", 255);
  await page.getByRole("link", { name: "Gallery" }).click();
  await page.getByRole("link", { name: "a flag" }).click();
  await page.getByRole("link", { name: "Paint", exact: true }).last().click();
  await page.getByText("column 1, row 1: #ff0000").waitFor();
}

/** Reads colors of a column of the painted picture. */
async function columnOf(page: Page, column: number): Promise<readonly string[]> {
  return await picture(page).locator("canvas").first().evaluate((node, column) => {
    // A copy: Chromium warns of a canvas that is read several times.
    const context = new OffscreenCanvas(8, 8).getContext("2d", { willReadFrequently: true })!;
    context.drawImage(node as HTMLCanvasElement, 0, 0);
    const { data } = context.getImageData(column, 0, 1, 8);
    return Array.from({ length: 8 }, (_, i) => [...data.subarray(i * 4, i * 4 + 4)].join());
  }, column);
}

const RED = "255,0,0,255";
const BLUE = "0,0,255,255";

Deno.test("a picture is painted by keys and by pointer, undone, and saved", async () => {
  await withStudio(browser, {}, async ({ page, output }) => {
    await openPainter(page, output);
    await page.getByLabel("Color 2, #0000ff").check({ force: true });
    await picture(page).focus();
    await page.keyboard.press("Shift+ArrowDown");
    const drawn = [BLUE, BLUE, RED, RED, BLUE, BLUE, BLUE, BLUE];
    assert.deepEqual(await columnOf(page, 0), drawn);
    await page.getByRole("link", { name: "Make", exact: true }).click();
    await page.getByRole("link", { name: "Paint", exact: true }).click();
    await page.getByText("column 1, row 1: #0000ff").waitFor();
    assert.deepEqual(await columnOf(page, 0), drawn);
    await page.getByLabel("Color 2, #0000ff").check({ force: true });
    await picture(page).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("f");
    for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    assert.deepEqual(await columnOf(page, 7), Array(8).fill(BLUE));
    await page.keyboard.press("Control+z");
    assert.deepEqual(await columnOf(page, 0), drawn);
    await page.keyboard.press("e");
    const box = (await picture(page).locator(".sheet").boundingBox())!;
    const side = box.width / 8;
    await page.mouse.move(box.x + side * 2.5, box.y + side / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + side * 2.5, box.y + side * 3.5);
    await page.mouse.up();
    assert.deepEqual(await columnOf(page, 2), [
      ...Array(4).fill("0,0,0,0"),
      ...Array(4).fill(BLUE),
    ]);
    await page.getByRole("button", { name: "Save as a new picture" }).click();
    await page.getByRole("link", { name: "Saved" }).click();
    await page.getByText("2 pictures").waitFor();
    const [saved] = await Array.fromAsync(Deno.readDir(`${output}/painted`));
    const png = await Deno.readFile(`${output}/painted/${saved!.name}/final_argmax.png`);
    const { image } = decodePng(png);
    assert.deepEqual([...image.data.subarray(0, 4)], [0, 0, 255, 255]);
    assert.equal(image.data[2 * 4 + 3], 0);
  });
});

Deno.test("the palette is swapped and recolored live", async () => {
  await withStudio(browser, {}, async ({ page, output }) => {
    await openPainter(page, output);
    await page.getByLabel("Recolor").fill("#00ff00");
    assert.equal((await columnOf(page, 0))[0], "0,255,0,255");
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Undo" }).click();
    assert.equal((await columnOf(page, 0))[0], RED);
    await page.getByLabel("Swap the palette").selectOption("pico-8");
    const colors = await columnOf(page, 0);
    assert.deepEqual([colors[0], colors[7]], ["255,0,77,255", "29,43,83,255"]);
  });
});

Deno.test("the masked part is made again; locked pixels are kept", async () => {
  await withStudio(browser, {}, async ({ page, output, worker }) => {
    await openPainter(page, output);
    await picture(page).focus();
    await page.keyboard.press("2");
    await page.keyboard.press("f");
    await page.keyboard.press("Space");
    await page.keyboard.press("3");
    await page.keyboard.press("b");
    await page.keyboard.press("Space");
    await page.getByRole("textbox", { name: "Prompt" }).fill("a flag with a star");
    await page.getByRole("button", { name: "Run again inside" }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
    const [args] = worker.asked;
    const imageOf = async (flag: string) => {
      const path = args![args!.indexOf(flag) + 1]!;
      return decodePng(await Deno.readFile(path)).image.data;
    };
    const pixel = (data: Uint8Array, i: number) => data.subarray(i * 4, i * 4 + 4).join();
    const mask = await imageOf("--mask");
    assert.deepEqual([pixel(mask, 31), pixel(mask, 32)], ["255,255,255,255", "0,0,0,255"]);
    const keep = await imageOf("--keep");
    assert.deepEqual([pixel(keep, 0), pixel(keep, 1)], [RED, "0,0,0,0"]);
    assert.equal(pixel(await imageOf("--input-image"), 63), BLUE);
    assert.deepEqual(args!.slice(0, 4), ["--prompt", "a flag with a star", "--size", "8,8"]);
  });
});

Deno.test("the painter has no serious fault in both themes and on a small screen", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await withStudio(browser, { context: { colorScheme } }, async ({ page, output }) => {
      await openPainter(page, output);
      await assertAccessible(page, colorScheme);
      await page.setViewportSize({ width: 360, height: 800 });
      const overflow = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      assert.equal(overflow, 0);
    });
  }
});
