/// <reference lib="dom" />
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { startRunWorker } from "../../lib/studio/maker.ts";
import { encodePng } from "../../lib/image/encode_png.ts";
import { Image } from "../../lib/image/image.ts";
import { openBrowser, withStudio } from "./studio_page.ts";

let browser: Browser;
Deno.test.beforeAll(async () => void (browser = await openBrowser()));
Deno.test.afterAll(() => browser.close());

const prompt = (page: Page) => page.getByRole("combobox", { name: "Prompt" });
const stage = (page: Page) => page.getByRole("region", { name: "Progress" });

async function make(page: Page, text: string): Promise<void> {
  await prompt(page).fill(text);
  await prompt(page).press("Enter");
}

/** Reads the color of the middle of the large picture. */
async function middleColor(page: Page): Promise<readonly number[]> {
  return await stage(page).locator("canvas").first().evaluate((node) => {
    const canvas = node as HTMLCanvasElement;
    const context = canvas.getContext("2d")!;
    return [...context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data];
  });
}

Deno.test("typing a prompt and pressing Enter makes a picture", async () => {
  await withStudio(browser, {}, async ({ page, worker }) => {
    await make(page, "a red potion");
    await stage(page).getByText("Done").waitFor();
    assert.deepEqual(await middleColor(page), [0x18, 0x18, 0x18, 255]);
    const [args] = worker.asked;
    assert.deepEqual(args!.slice(0, 4), ["--prompt", "a red potion", "--size", "32,32"]);
    await stage(page).getByText("The command that does this").click();
    await stage(page).getByText("deno task generate --prompt 'a red potion'").waitFor();
  });
});

Deno.test("all fields of the form become flags", async () => {
  await withStudio(browser, {}, async ({ page, worker }) => {
    await prompt(page).fill("a cat");
    await page.getByLabel("48", { exact: true }).check({ force: true });
    await page.getByLabel("draft").check({ force: true });
    await page.getByLabel("Palette", { exact: true }).selectOption("pico-8");
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Must not show").fill("text");
    await page.getByLabel("Seed").fill("42");
    await page.getByLabel("Variations").fill("3");
    await page.getByRole("button", { name: "Make 3 pictures" }).click();
    await stage(page).getByText("Done", { exact: false }).waitFor();
    const [args] = worker.asked;
    const expected = ["--prompt", "a cat", "--negative-prompt", "text", "--size", "48,48"];
    const rest = ["--palette", "pico-8", "--preset", "draft", "--seed", "42", "--variations", "3"];
    assert.deepEqual(args!.slice(0, 14), [...expected, ...rest]);
  });
});

Deno.test("rules become flags, and contradictions are refused with the library's sentence", async () => {
  await withStudio(browser, { refusals: 1 }, async ({ page, worker }) => {
    await prompt(page).fill("a crown");
    await page.getByText("Rules", { exact: true }).click();
    await page.getByLabel("Symmetry").selectOption("rotate4");
    await page.getByLabel("Max colors").fill("4");
    const color = (number: number) =>
      page.getByRole("button", { name: new RegExp(`color ${number}: `) });
    await color(1).click();
    await color(3).click();
    await color(3).click();
    await page.getByRole("button", { name: "Rule for #1a1c2c, color 1: is never dropped" })
      .waitFor();
    await page.getByRole("button", { name: "Rule for #b13e53, color 3: is not used" }).waitFor();
    await page.getByLabel("other", { exact: true }).check({ force: true });
    await page.getByLabel("Width").fill("24");
    await page.getByRole("button", { name: "Make", exact: true }).click();
    await page.getByRole("alert").getByText(/square/).waitFor();
    assert.equal(worker.asked.length, 0);
    await page.getByLabel("Width").fill("32");
    await page.getByRole("button", { name: "Make", exact: true }).click();
    await stage(page).getByText("Done").waitFor();
    const flags = ["--symmetry", "rotate4", "--max-colors", "4"];
    const colors = ["--lock-colors", "#1a1c2c", "--exclude-colors", "#b13e53"];
    const [args] = worker.asked;
    const from = args!.indexOf("--symmetry");
    assert.deepEqual(args!.slice(from, from + 8), [...flags, ...colors]);
    assert.equal(await page.getByRole("alert").count(), 0);
  });
});

Deno.test("names that the teacher knows are suggested, by mouse and by keyboard", async () => {
  await withStudio(browser, {}, async ({ page, worker }) => {
    await prompt(page).pressSequentially("a red poti");
    await page.getByRole("option", { name: /potion/ }).first().waitFor();
    await prompt(page).press("ArrowDown");
    await prompt(page).press("Enter");
    assert.match(await prompt(page).inputValue(), /potion/);
    assert.deepEqual(worker.asked, []);
    await prompt(page).press("Enter");
    await stage(page).getByText("Done").waitFor();
  });
});

Deno.test("a palette is edited in place, and a file is added", async () => {
  await withStudio(browser, {}, async ({ page, worker }) => {
    await page.getByLabel("Color 1, #1a1c2c").fill("#123456");
    await page.getByLabel("Color 1, #123456").waitFor();
    await page.getByLabel("Palette file").setInputFiles({
      name: "mine.hex",
      mimeType: "text/plain",
      buffer: Buffer.from("ff0000\n00ff00\n0000ff\n"),
    });
    await page.getByLabel("Color 3, #0000ff").waitFor();
    await page.getByRole("button", { name: "Remove color 2" }).click();
    await page.getByLabel("Color 2, #0000ff").waitFor();
    await make(page, "a flag");
    await stage(page).getByText("Done").waitFor();
    const file = worker.asked[0]![worker.asked[0]!.indexOf("--palette") + 1]!;
    assert.equal(await Deno.readTextFile(file), "ff0000\n0000ff\n");
  });
});

Deno.test("an image is dropped, pasted, and removed", async () => {
  await withStudio(browser, {}, async ({ page, worker }) => {
    const png = [...encodePng(new Image({ height: 4, width: 6 }))];
    const give = (type: "drop" | "paste") =>
      page.evaluate(([type, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "cat.png", { type: "image/png" }));
        const init = { bubbles: true, cancelable: true };
        globalThis.dispatchEvent(
          type === "drop"
            ? new DragEvent("drop", { ...init, dataTransfer: data })
            : new ClipboardEvent("paste", { ...init, clipboardData: data }),
        );
      }, [type, png] as const);
    await give("drop");
    await page.getByRole("img", { name: "Start image" }).waitFor();
    await page.getByRole("button", { name: "Remove the image" }).click();
    await give("paste");
    await page.getByLabel("Redraw").fill("0.6");
    await make(page, "a cat");
    await stage(page).getByText("Done").waitFor();
    const [args] = worker.asked;
    assert.match(args![args!.indexOf("--input-image") + 1]!, /uploads\/image-[0-9a-f]+-cat\.png$/);
    assert.equal(args![args!.indexOf("--strength") + 1], "0.6");
  });
});

Deno.test("a real run of mini draws a picture", async () => {
  await withStudio(browser, { startWorker: startRunWorker }, async ({ page, output }) => {
    page.setDefaultTimeout(240_000);
    await page.getByLabel("16", { exact: true }).check({ force: true });
    await page.getByLabel("draft").check({ force: true });
    await make(page, "a red potion");
    await stage(page).getByText("Done").waitFor();
    assert.equal((await middleColor(page)).length, 4);
    const [run] = [...Deno.readDirSync(`${output}/draft`)];
    assert((await Deno.stat(`${output}/draft/${run!.name}/final_argmax.png`)).isFile);
  });
});
