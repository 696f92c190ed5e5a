import assert from "node:assert/strict";
import { createDownloadListener } from "../../../lib/report/download_listener.ts";
import { downloadLine } from "../../../lib/report/progress_line.ts";
import type { DownloadEvent } from "../../../lib/report/run_event.ts";
import { defined } from "../../../lib/text/defined.ts";

/** How far a download of 100 MB in two files is. */
function progress(megabytes: number, repo = "owner/name") {
  return {
    repo,
    bytesDone: megabytes * 1e6,
    bytesTotal: 100e6,
    filesDone: Math.floor(megabytes / 50),
    filesTotal: 2,
    ...defined({ path: megabytes > 0 ? "unet/x.safetensors" : undefined }),
  };
}

Deno.test("a download is told a few times a second, at its start and at its end", () => {
  let time = 0;
  const told: DownloadEvent[] = [];
  const listen = createDownloadListener((event) => told.push(event), () => time);
  for (const [at, megabytes] of [[0, 0], [100, 1], [1000, 10], [1001, 11], [1002, 100]] as const) {
    time = at;
    listen(progress(megabytes));
  }
  listen(progress(0, "owner/other"));
  assert.deepEqual(told.map(({ repo, bytesDone }) => [repo, bytesDone / 1e6]), [
    ["owner/name", 0],
    ["owner/name", 10],
    ["owner/name", 100],
    ["owner/other", 0],
  ]);
  assert.deepEqual([told[1]!.bytesPerSecond, told[1]!.secondsLeft], [10e6, 9]);
});

Deno.test("downloadLine() shows sizes, rate and time to go", () => {
  const event = { event: "download", ...progress(10), bytesPerSecond: 1e6 } as const;
  assert.equal(
    downloadLine({ ...event, secondsLeft: 90 }, 0),
    "downloading owner/name  10 MB of 100 MB  0/2 files  1.0 MB/s  ETA 1 min 30 s",
  );
  assert.equal(downloadLine({ ...event, secondsLeft: 90 }, 20).length, 20);
  const end = { ...event, ...progress(100), secondsLeft: 0 };
  assert.equal(
    downloadLine(end, 0),
    "downloaded owner/name  100 MB of 100 MB  2/2 files  1.0 MB/s",
  );
  const start = { ...event, ...progress(0), bytesPerSecond: 0, secondsLeft: undefined };
  assert.equal(downloadLine(start, 0), "downloading owner/name  0 bytes of 100 MB  0/2 files");
});
