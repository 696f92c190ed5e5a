import type { ImageSize } from "../../image/image.ts";
import type { VideoFormat } from "../../video/video_format.ts";
import { paddedLayout, tightLayout } from "../../video/video_layout.ts";

/**
 * Says where a picture does not fill the videos as large as they are asked for, a sentence each.
 *
 * @param picture Size of the picture.
 */
export function videoNotes(
  picture: ImageSize,
  { videoSize, formats = ["mp4"] }: {
    /** Size that is asked for. */
    readonly videoSize: ImageSize;
    /** Default: MP4 alone. */
    readonly formats?: readonly VideoFormat[];
  },
): string[] {
  const asked = `"--video_size" ${sizeText(videoSize)}`;
  const tight = enlarged(picture, tightLayout(picture, videoSize).factor);
  const { factor, height, width } = paddedLayout(picture, videoSize);
  const inner = enlarged(picture, factor);
  const isFilled = inner.height === height && inner.width === width;
  const notes: string[] = [];
  if (formats.includes("mp4") && !isFilled) {
    const next = sizeText(enlarged(picture, factor + 2));
    notes.push(
      `${asked} is no even multiple of the picture's ${
        sizeText(picture)
      }, and 2 x 2 pixels of an ` +
        `MP4 share a color, so the picture takes ${sizeText(inner)} of it, with black around; ` +
        `${sizeText(inner)} and ${next} have no border`,
    );
  }
  if (formats.some((format) => format !== "mp4") && sizeText(tight) !== sizeText(videoSize)) {
    notes.push(
      `${asked} is no multiple of the picture's ${sizeText(picture)}, so GIF and APNG are ` +
        `${sizeText(tight)}`,
    );
  }
  return notes;
}

function enlarged({ height, width }: ImageSize, factor: number): ImageSize {
  return { height: height * factor, width: width * factor };
}

function sizeText({ height, width }: ImageSize): string {
  return `${height},${width}`;
}
