/**
 * Explains why a file or host could not be reached: the permission that is missing, or the error.
 *
 * @param permission The flag of Deno that permits it, such as `--allow-net=huggingface.co`.
 */
export function accessErrorText(cause: unknown, permission: string): string {
  if (cause instanceof Deno.errors.NotCapable) {
    return `permission is needed, run again with ${permission}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
