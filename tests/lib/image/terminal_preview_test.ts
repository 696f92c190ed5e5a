import assert from "node:assert/strict";
import { ansiColor, colorDepth, xtermIndex } from "../../../lib/image/ansi_color.ts";
import { drawText, shortenText, TEXT_HEIGHT, textWidth } from "../../../lib/image/draw_text.ts";
import { Image } from "../../../lib/image/image.ts";
import { terminalPreview } from "../../../lib/image/terminal_preview.ts";

const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 255];
const CLEAR = [0, 0, 0, 0];

Deno.test("terminalPreview() shows two rows of pixels in a line", () => {
  const data = Uint8Array.from([RED, RED, BLUE, BLUE, BLUE, CLEAR].flat());
  const image = new Image({ height: 3, width: 2 }, data);
  assert.deepEqual(terminalPreview(image, { depth: "truecolor" }), [
    "\x1b[38;2;255;0;0m\x1b[48;2;0;0;255m▀▀\x1b[0m",
    "\x1b[0m\x1b[38;2;0;0;255m▀\x1b[0m \x1b[0m",
  ]);
  assert.deepEqual(terminalPreview(image, { depth: "none" }), []);
});

Deno.test("terminalPreview() lets the terminal show through above a pixel", () => {
  const data = Uint8Array.from([CLEAR, RED].flat());
  const image = new Image({ height: 2, width: 1 }, data);
  const lines = terminalPreview(image, { depth: "256" });
  assert.deepEqual(lines, ["\x1b[0m\x1b[38;5;196m▄\x1b[0m"]);
});

Deno.test("terminalPreview() shrinks what is too large and keeps the aspect", () => {
  const image = Image.filled({ height: 100, width: 200 }, [1, 2, 3]);
  // deno-lint-ignore no-control-regex
  const plain = (line: string) => line.replaceAll(/\x1b\[[0-9;]*m/g, "");
  const lines = terminalPreview(image, { depth: "truecolor", columns: 40 }).map(plain);
  assert.deepEqual(lines, Array(10).fill("▀".repeat(40)));
  const low = terminalPreview(image, { depth: "truecolor", lines: 5 }).map(plain);
  assert.deepEqual(low, Array(5).fill("▀".repeat(20)));
});

Deno.test("colorDepth() follows the terminal and the user's wish", () => {
  const terminal = { isTerminal: true };
  assert.equal(colorDepth({ isTerminal: false, colorterm: "truecolor" }), "none");
  assert.equal(colorDepth({ ...terminal, noColor: true }), "none");
  assert.equal(colorDepth({ ...terminal, term: "dumb" }), "none");
  assert.equal(colorDepth({ ...terminal, term: "xterm-256color" }), "256");
  assert.equal(
    colorDepth({ ...terminal, term: "xterm-256color", colorterm: "truecolor" }),
    "truecolor",
  );
  assert.equal(colorDepth({ ...terminal, term: "xterm-kitty" }), "truecolor");
  assert.equal(colorDepth({ ...terminal, term: "screen-256color" }), "256");
  assert.equal(colorDepth(terminal), "truecolor");
});

Deno.test("xtermIndex() finds the nearest of the 256 colors", () => {
  assert.equal(xtermIndex([0, 0, 0]), 16);
  assert.equal(xtermIndex([255, 255, 255]), 231);
  assert.equal(xtermIndex([255, 0, 0]), 196);
  assert.equal(xtermIndex([128, 128, 128]), 244);
  assert.equal(xtermIndex([95, 135, 175]), 67);
  assert.equal(ansiColor([1, 2, 3], "background", "truecolor"), "\x1b[48;2;1;2;3m");
});

Deno.test("drawText() has a glyph for every ASCII character and cuts off at the edge", () => {
  for (let code = 33; code < 127; code++) {
    const image = Image.filled({ height: TEXT_HEIGHT, width: 6 }, [0, 0, 0]);
    drawText(image, String.fromCharCode(code), { x: 0, y: 0, color: [255, 255, 255] });
    const ink = image.data.filter((value, i) => i % 4 === 0 && value === 255).length;
    assert(ink > 0 && ink < 30, String.fromCharCode(code));
    assert(textWidth(String.fromCharCode(code)) <= 5);
  }
  const small = Image.filled({ height: 3, width: 3 }, [0, 0, 0]);
  drawText(small, "Wide", { x: -2, y: -1, color: [9, 9, 9], scale: 3 });
  assert.equal(textWidth(""), 0);
  assert.equal(textWidth("é"), textWidth("e"));
  assert(textWidth(shortenText("a long text", 30)) <= 30);
  assert.equal(shortenText("short", 100), "short");
});
