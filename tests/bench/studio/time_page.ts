/// <reference lib="dom" />
/**
 * Times the page of the studio in Chromium: its first paint, its form, and how often a picture of
 * 256 x 256 pixels is painted again while it is made.
 *
 *   __IS_WSL_TEST__=1 deno run --allow-run=/usr/bin/chromium --allow-read \\
 *     --allow-write=workdir,/tmp --allow-net=127.0.0.1 --allow-env --allow-sys \\
 *     tests/bench/studio/time_page.ts
 */
import type { Browser } from "npm:playwright-core@1.65.1";
import { openBrowser, withStudio } from "../../browser/studio_page.ts";

/** Prints a line. */
function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Loads of the page. */
const LOADS = 9;

/** Repaints that are timed, after the first ones. */
const REPAINTS = 40;

/** Times of loads in milliseconds, sorted. */
interface LoadTimes {
  /** Until the first contentful paint. */
  readonly paint: number[];
  /** Until the form is there. */
  readonly form: number[];
}

/** Times several loads of the page. */
async function timeLoads(browser: Browser): Promise<LoadTimes> {
  const times: LoadTimes = { paint: [], form: [] };
  await withStudio(browser, {}, async ({ page }) => {
    for (let load = 0; load < LOADS; load++) {
      await page.reload();
      const form = await page.evaluate(() =>
        new Promise<number>((done) => {
          const look = () => {
            if (document.querySelector(".prompt textarea") === null) requestAnimationFrame(look);
            else requestAnimationFrame(() => done(performance.now()));
          };
          look();
        })
      );
      times.form.push(form);
      times.paint.push(
        await page.evaluate(() =>
          performance.getEntriesByName("first-contentful-paint")[0]!.startTime
        ),
      );
    }
  });
  for (const one of Object.values(times)) one.sort((a: number, b: number) => a - b);
  return times;
}

/** Returns the repaints a second of a picture of 256 x 256 pixels. */
async function repaintRate(browser: Browser): Promise<number> {
  let rate = 0;
  await withStudio(browser, { side: 256, stepMs: 4, steps: 120 }, async ({ page }) => {
    const measured = page.evaluate((repaints) =>
      new Promise<number>((done) => {
        const put = CanvasRenderingContext2D.prototype.putImageData;
        const times: number[] = [];
        CanvasRenderingContext2D.prototype.putImageData = function (
          this: unknown,
          ...args: unknown[]
        ) {
          Reflect.apply(put, this, args);
          if ((args[0] as ImageData).width < 256) return;
          times.push(performance.now());
          if (times.length === 10 + repaints) done(1000 * repaints / (times.at(-1)! - times[9]!));
        } as typeof put;
      }), REPAINTS);
    const prompt = page.getByRole("combobox", { name: "Prompt" });
    await prompt.fill("a boat");
    await prompt.press("Enter");
    rate = await measured;
  });
  return rate;
}

if (import.meta.main) {
  const browser = await openBrowser();
  try {
    const { paint, form } = await timeLoads(browser);
    for (const [name, times] of [["first paint", paint], ["form", form]] as const) {
      const [first, middle, last] = [0, times.length >> 1, times.length - 1].map((i) =>
        times[i]!.toFixed(0)
      );
      print(`${name}: median ${middle} ms, ${first} to ${last} ms of ${times.length} loads`);
    }
    print(
      `repaints of 256 x 256 pixels: ${(await repaintRate(browser)).toFixed(1)} a second`,
    );
  } finally {
    await browser.close();
  }
}
