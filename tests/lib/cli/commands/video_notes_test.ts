import assert from "node:assert/strict";
import { videoNotes } from "../../../../lib/cli/commands/video_notes.ts";

const NEON = { height: 96, width: 96 };

Deno.test("videoNotes() says nothing of a video that the picture fills", () => {
  const even = { height: 192, width: 192 };
  assert.deepEqual(videoNotes(NEON, { videoSize: even }), []);
  const odd = { height: 288, width: 288 };
  assert.deepEqual(videoNotes(NEON, { videoSize: odd, formats: ["gif", "apng"] }), []);
});

Deno.test("videoNotes() says why a border lies around the picture of an MP4", () => {
  assert.deepEqual(videoNotes(NEON, { videoSize: { height: 288, width: 288 } }), [
    `"--video_size" 288,288 is no even multiple of the picture's 96,96, and 2 x 2 pixels of an ` +
    `MP4 share a color, so the picture takes 192,192 of it, with black around; 192,192 and ` +
    `384,384 have no border`,
  ]);
});

Deno.test("videoNotes() tells the size of a GIF that cannot be as large as asked", () => {
  const request = { videoSize: { height: 100, width: 200 }, formats: ["gif", "mp4"] as const };
  const [mp4, gif, ...others] = videoNotes({ height: 48, width: 40 }, request);
  assert.match(mp4!, /so the picture takes 96,80 of it/);
  assert.equal(
    gif,
    `"--video_size" 100,200 is no multiple of the picture's 48,40, so GIF and APNG are 96,80`,
  );
  assert.deepEqual(others, []);
});
