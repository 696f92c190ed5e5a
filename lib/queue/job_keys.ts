/** Key that is set while a job in progress should be canceled. */
export function cancelKey(id: string): string {
  return `smalti:cancel:${id}`;
}

/** Key that counts the workers that took a job since its last progress. */
export function triesKey(id: string): string {
  return `smalti:tries:${id}`;
}

/** Seconds after which the server forgets these keys. */
export const KEY_SECONDS = 7 * 24 * 3600;

/** Text of the error of a canceled job. */
export const CANCELED = "canceled";
