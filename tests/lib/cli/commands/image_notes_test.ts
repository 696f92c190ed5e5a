import assert from "node:assert/strict";
import { imageNotes } from "../../../../lib/cli/commands/image_notes.ts";

const PICTURE = { height: 32, width: 32 };

Deno.test("imageNotes() says how little of a panorama is shown", () => {
  const wide = { height: 100, width: 8000 };
  assert.deepEqual(imageNotes(wide, PICTURE, "crop"), [
    '"--fit" crop shows the middle 1.3 % of the image of 100,8000 pixels; --fit fit or pad shows ' +
    "all of it",
  ]);
  assert.deepEqual(imageNotes(wide, PICTURE, "fit"), [
    `"--fit" fit shows the image of 100,8000 pixels in 1,32 of the picture's 32,32 pixels; ` +
    "--fit crop fills it",
  ]);
  const tall = { height: 300, width: 200 };
  assert.match(imageNotes(tall, PICTURE, "crop")[0]!, /the middle 67 % /);
  assert.deepEqual(imageNotes(tall, PICTURE, "pad"), []);
});

Deno.test("imageNotes() is silent where little is lost", () => {
  for (const fit of ["crop", "fit", "pad"] as const) {
    assert.deepEqual(imageNotes({ height: 300, width: 400 }, PICTURE, fit), []);
    assert.deepEqual(imageNotes({ height: 16, width: 32 }, { height: 48, width: 96 }, fit), []);
  }
});
