import assert from "node:assert/strict";
import { videoNotes } from "../../../../lib/cli/commands/video_notes.ts";
import { APNG } from "../../../../lib/video/formats/apng.ts";
import { GIF } from "../../../../lib/video/formats/gif.ts";
import { MP4 } from "../../../../lib/video/formats/mp4.ts";

const NEON = { height: 96, width: 96 };

Deno.test("videoNotes() says nothing of a video that the picture fills", () => {
  const even = { height: 192, width: 192 };
  assert.deepEqual(videoNotes(NEON, { videoSize: even }), []);
  const odd = { height: 288, width: 288 };
  assert.deepEqual(videoNotes(NEON, { videoSize: odd, formats: [GIF, APNG] }), []);
});

Deno.test("videoNotes() says why a border lies around the picture of an MP4", () => {
  assert.deepEqual(videoNotes(NEON, { videoSize: { height: 288, width: 288 } }), [
    `"--video-size" 288,288 is no even multiple of the picture's 96,96, and 2 x 2 pixels of an ` +
    `MP4 share a color, so the picture takes 192,192 of it, with black around; 192,192 and ` +
    `384,384 have no border`,
  ]);
});

Deno.test("videoNotes() tells the size of a GIF that cannot be as large as asked", () => {
  const request = { videoSize: { height: 100, width: 200 }, formats: [GIF, APNG, MP4] };
  const [mp4, gif, ...others] = videoNotes({ height: 48, width: 40 }, request);
  assert.match(mp4!, /so the picture takes 96,80 of it/);
  assert.equal(
    gif,
    `"--video-size" 100,200 is no multiple of the picture's 48,40, so GIF and APNG are 96,80`,
  );
  assert.deepEqual(others, []);
});

Deno.test("videoNotes() says that a video is larger than asked", () => {
  const small = { videoSize: { height: 8, width: 8 }, formats: [MP4, GIF] };
  assert.deepEqual(videoNotes({ height: 8, width: 8 }, small), [
    `"--video-size" 8,8 is less than twice the picture's 8,8, and 2 x 2 pixels of an MP4 share a ` +
    `color, so the MP4 is 16,16`,
  ]);
  const odd = { videoSize: { height: 33, width: 47 }, formats: [MP4] };
  assert.match(videoNotes({ height: 32, width: 32 }, odd)[0]!, /so the MP4 is 64,64$/);
  const tiny = { videoSize: { height: 4, width: 4 }, formats: [GIF] };
  assert.match(videoNotes({ height: 8, width: 8 }, tiny)[0]!, /so GIF is 8,8$/);
});
