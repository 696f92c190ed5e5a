import { type ImageSize, sizeText } from "../../image/image.ts";
import type { VideoFormat } from "../../video/video_format.ts";
import { DEFAULT_VIDEO_FORMAT } from "../../video/formats/video_formats.ts";
import { videoLayout } from "../../video/video_layout.ts";

/** A format and the size of its videos. */
interface FormatSize {
  readonly title: string;
  readonly factor: number;
  /** Size of the video. */
  readonly outer: string;
  /** Size of the picture in it. */
  readonly inner: string;
}

/**
 * Lists where a picture does not fill videos of the requested size, one sentence per kind.
 *
 * @param picture Size of the picture.
 */
export function videoNotes(
  picture: ImageSize,
  { videoSize, formats = [DEFAULT_VIDEO_FORMAT] }: {
    /** Requested size. */
    readonly videoSize: ImageSize;
    /** Default: MP4 alone. */
    readonly formats?: readonly VideoFormat[];
  },
): string[] {
  const asked = `"--video-size" ${sizeText(videoSize)}`;
  const sizesOf = (needsEvenFactor: boolean): FormatSize[] =>
    formats.filter((format) => format.needsEvenFactor === needsEvenFactor).map((format) => {
      const layout = videoLayout(format, picture, videoSize);
      const inner = sizeText(enlarged(picture, layout.factor));
      return { title: format.title, factor: layout.factor, outer: sizeText(layout), inner };
    });
  const [even] = sizesOf(true);
  const others = sizesOf(false);
  const notes: string[] = [];
  const shared = even && `2 x 2 pixels of an ${even.title} share a color`;
  if (even !== undefined && even.inner !== even.outer) {
    const next = sizeText(enlarged(picture, even.factor + 2));
    notes.push(
      `${asked} is no even multiple of the picture's ${sizeText(picture)}, and ${shared}, so the ` +
        `picture takes ${even.inner} of it, with black around; ${even.inner} and ${next} have no ` +
        `border`,
    );
  } else if (even !== undefined && even.outer !== sizeText(videoSize)) {
    notes.push(
      `${asked} is less than twice the picture's ${sizeText(picture)}, and ${shared}, so the ` +
        `${even.title} is ${even.outer}`,
    );
  }
  if (others.length > 0 && others[0]!.outer !== sizeText(videoSize)) {
    const titles = others.map(({ title }) => title);
    notes.push(
      `${asked} is no multiple of the picture's ${sizeText(picture)}, so ` +
        `${titles.join(" and ")} ${titles.length === 1 ? "is" : "are"} ${others[0]!.outer}`,
    );
  }
  return notes;
}

function enlarged({ height, width }: ImageSize, factor: number): ImageSize {
  return { height: height * factor, width: width * factor };
}
