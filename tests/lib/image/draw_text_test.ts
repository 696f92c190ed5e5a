import assert from "node:assert/strict";
import { textWidth, wrapText } from "../../../lib/image/draw_text.ts";

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
