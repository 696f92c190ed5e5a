/**
 * Runs Deno in this terminal, forwards signals, and waits.
 *
 * @param cwd Folder in which it runs.
 * @returns Its exit code; 128 plus the signal's number if a signal ended it.
 */
export async function runChild(args: readonly string[], cwd: string): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: [...args], cwd }).spawn();
  // A terminal sends Ctrl-C to all its programs, so the child may get two; it counts them as one.
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const listeners = signals.map((signal) => {
    const listener = () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended already.
      }
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  try {
    return (await child.status).code;
  } finally {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  }
}
