import assert from "node:assert/strict";
import { chooseTeacherSize } from "../../../lib/distill/teacher_size.ts";

const MINI = { native: { height: 128, width: 128 }, multiple: 16 };
const SDXL = { native: { height: 1024, width: 1024 }, multiple: 32 };

Deno.test("chooseTeacherSize() gives squares the native size", () => {
  assert.deepEqual(chooseTeacherSize({ height: 32, width: 32 }, MINI), MINI.native);
  assert.deepEqual(chooseTeacherSize({ height: 96, width: 96 }, SDXL), SDXL.native);
});

Deno.test("chooseTeacherSize() keeps the aspect ratio near the native area", () => {
  const size = (height: number, width: number) => ({ height, width });
  assert.deepEqual(chooseTeacherSize(size(32, 48), MINI), size(96, 144));
  assert.deepEqual(chooseTeacherSize(size(48, 32), MINI), size(144, 96));
  assert.deepEqual(chooseTeacherSize(size(32, 48), SDXL), size(832, 1248));
  for (const picture of [size(24, 40), size(33, 57), size(8, 256), size(256, 8), size(50, 51)]) {
    for (const options of [MINI, SDXL, { native: size(128, 128), multiple: 32 }]) {
      const { height, width } = chooseTeacherSize(picture, options);
      const { native, multiple } = options;
      assert.equal(height % multiple + width % multiple, 0);
      const stretch = width / height * picture.height / picture.width;
      assert(Math.abs(Math.log(stretch)) < 0.15, `${height}x${width} stretches by ${stretch}`);
      const growth = height * width / (native.height * native.width);
      assert(growth >= 0.4 && growth <= 2.1, `${height}x${width} has ${growth} of the area`);
    }
  }
});
