import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { drawText, shortenText, textWidth, wrapText } from "../../../lib/image/draw_text.ts";

Deno.test("wrapText() breaks a text at blanks, and shortens what does not fit", () => {
  const width = textWidth("a red cat");
  assert.deepEqual(wrapText("a red cat  on a mat", width), ["a red cat", "on a mat"]);
  assert.deepEqual(wrapText("", width), []);
  const [line, ...others] = wrapText("a red cat on a mat", width, 1);
  assert.deepEqual(others, []);
  assert.match(line!, /^a red( c)?\.\.\.$/);
  const lines = wrapText("one incomprehensibilities two", width);
  assert.deepEqual([lines[0], lines[2]], ["one", "two"]);
  assert.match(lines[1]!, /^incom\w*\.\.\.$/);
  for (const text of [line!, ...lines]) assert(textWidth(text) <= width, text);
});

Deno.test("drawText() draws letters beyond ASCII in their nearest form", () => {
  const draw = (text: string) => {
    const image = Image.filled({ height: 9, width: 200 }, [0, 0, 0]);
    drawText(image, text, { x: 0, y: 0, color: [255, 255, 255] });
    return image.data;
  };
  const cases = { "château": "chateau", "„Größe“": '"Grosse"', кошка: "koshka", "a — b": "a - b" };
  for (const [text, expected] of Object.entries(cases)) {
    assert.deepEqual(draw(text), draw(expected), text);
    assert.equal(textWidth(text), textWidth(expected));
  }
});

Deno.test("shortenText() is quick with a text of a million letters", () => {
  const short = shortenText("ы".repeat(1_000_000), 100);
  assert.match(short, /^y+\.\.\.$/);
  assert(textWidth(short) <= 100 && textWidth(short) > 90);
});
