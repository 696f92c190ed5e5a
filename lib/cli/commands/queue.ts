import { JobServer } from "../../queue/job_server.ts";
import { isJobId } from "../../queue/picture_job.ts";
import { PictureQueue } from "../../queue/picture_queue.ts";
import type { Terminal } from "../../report/terminal.ts";
import { toJson } from "../../text/to_json.ts";
import { shorten, visibleText } from "../../text/visible_text.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { UsageError } from "../flags/flag.ts";
import { serverAddressOf } from "./queue_flags.ts";

const ACTIONS = ["status", "cancel", "retry"];
/** Jobs that were set aside and are listed. */
const LISTED = 20;

/**
 * Shows the jobs of a queue, cancels some, or tries some again that were set aside.
 *
 * @param args The action, then ids of jobs.
 * @returns The exit code: 1 if a job could not be found.
 */
export async function queueCommand(
  [action = "", ...ids]: readonly string[],
  flags: FlagsOf<"queue">,
  { out }: { readonly out: Terminal },
): Promise<number> {
  checkArguments(action, ids);
  const address = serverAddressOf(flags, "Cannot look at the queue");
  await using server = await JobServer.connect(address);
  const queue = new PictureQueue(server);
  const write = (event: Readonly<Record<string, unknown>>, text: string) =>
    out.write(`${flags.json ? toJson(event) : visibleText(text)}\n`);
  if (action === "status") {
    const [counts, failed] = [await queue.counts(), await queue.failed(LISTED)];
    const { waiting, active, done, failed: aside } = counts;
    const lines = failed.map(({ id, message }) => `\n${id}: ${shorten(message)}`).join("");
    write(
      { ...counts, setAside: failed },
      `${waiting} waiting, ${active} in progress, ${done} done, ${aside} set aside${lines}`,
    );
    return 0;
  }
  let code = 0;
  for (const id of ids) {
    const result = action === "cancel" ? await queue.cancel(id) : await retry(queue, id);
    if (result === "unknown") code = 1;
    write({ id, result }, `${id}: ${result}`);
  }
  return code;
}

async function retry(queue: PictureQueue, id: string): Promise<"waiting" | "unknown"> {
  return await queue.retry(id) ? "waiting" : "unknown";
}

function checkArguments(action: string, ids: readonly string[]): void {
  if (!ACTIONS.includes(action)) {
    throw new UsageError(
      `Cannot run queue: expected one of ${ACTIONS.join(", ")}, got "${action}"`,
    );
  }
  if (action === "status" ? ids.length > 0 : ids.length === 0) {
    throw new UsageError(
      `Cannot run queue ${action}: expected ${action === "status" ? "no ids" : "ids of jobs"}`,
    );
  }
  const wrong = ids.find((id) => !isJobId(id));
  if (wrong === undefined) return;
  throw new UsageError(`Cannot find the job "${wrong}": expected an id such as p0123…, as added`);
}
