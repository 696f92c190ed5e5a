import { formatDuration } from "../text/format_duration.ts";
import { formatScore } from "../text/format_score.ts";
import { shorten } from "../text/visible_text.ts";
import type { PictureNumber, PicturesEvent, RunEvent } from "./run_event.ts";

type HeadEvent = RunEvent & { readonly event: "start" | "note" | "stage" | "failed" };

/** Characters of a prompt that are shown; a teacher reads about as many. */
const MAX_PROMPT = 300;

/** Returns the lines of a start, a stage, a note or a failure. */
export function headLines(event: HeadEvent): string[] {
  switch (event.event) {
    case "start": {
      const { prompt, palette, height, width, seed, runtime, adapter, resumedFrom } = event;
      const shown = prompt === "" ? "picture" : `"${shorten(prompt, MAX_PROMPT)}"`;
      const what = event.picture ? `${numberText(event.picture)}: ${shown}` : shown;
      const lines = [
        `${what}, ${height} x ${width} pixels (height x width), palette ${palette}, seed ${seed}`,
        `networks: ${runtime}; kernels: ${adapter}`,
      ];
      return [...lines, ...resumedFrom > 0 ? [`resuming after step ${resumedFrom}`] : []];
    }
    case "note":
      return [`note: ${shorten(event.message)}`];
    case "stage":
      return [`${event.stage} …`];
    case "failed":
      return [
        `${event.picture ? numberText(event.picture) : "the picture"} failed: ` +
        `${event.message}; the others of its batch will be finished, and no more are started`,
      ];
  }
}

/** Returns the text of a finished picture: its files, or its folder if it is one of several. */
export function doneText(event: RunEvent & { event: "done" }): string {
  const { files, seconds, teacherCalls, earlierTeacherCalls = 0 } = event;
  const { interrupted, picture, score, folder } = event;
  const head = interrupted ? "stopped; the picture so far and a checkpoint are written" : "done";
  const calls = teacherCalls - earlierTeacherCalls;
  const earlier = earlierTeacherCalls > 0 ? ` and ${earlierTeacherCalls} earlier ones` : "";
  const time = `${formatDuration(seconds)}, ${calls} teacher call${
    calls === 1 ? "" : "s"
  }${earlier}`;
  if (picture) {
    const scored = typeof score === "number" ? `, score ${formatScore(score)}` : "";
    return `${numberText(picture)} ${head} (${time}${scored})\n  ${folder}\n`;
  }
  return [`${head} (${time})`, ...files.map((file) => `  ${file}`), ""].join("\n");
}

/** Returns the text of several pictures, the best first, and of the files that show them. */
export function picturesText(event: PicturesEvent): string {
  const { pictures, asked, files, seconds, interrupted } = event;
  const made = pictures.filter(({ complete }) => complete).length;
  const head = interrupted ? `stopped with ${made} of ${asked} pictures` : `${made} pictures`;
  const lines = pictures.map(({ number, prompt, palette, seed, score, complete }, i) => {
    const scored = score === null ? "no score" : formatScore(score);
    const rank = complete ? `${i + 1}. ${scored}` : "not complete";
    return `  ${rank}  picture ${number}: seed ${seed}, ${palette}, "${
      shorten(prompt, MAX_PROMPT)
    }"`;
  });
  return [`${head} (${formatDuration(seconds)}), the teacher's best first`, ...lines]
    .concat(files.map((file) => `  ${file}`), "").join("\n");
}

/** Returns "picture 2 of 6". */
function numberText({ number, of }: PictureNumber): string {
  return `picture ${number} of ${of}`;
}
