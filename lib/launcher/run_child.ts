/** One Ctrl-C may come more than once: from the terminal, and from a parent that forwards it. */
const SAME_PRESS_MS = 500;
/** Time in which a child should answer a signal. */
const ANSWER_MS = 1000;

/** Options of {@linkcode runChild}. */
export interface RunChildOptions {
  /** Line for the user while a child does not answer Ctrl-C. Default: none. */
  readonly waiting?: string;
  /** Environment variables that the child gets besides this program's. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs Deno in this terminal, forwards signals, and waits.
 *
 * A child that computes cannot answer a signal. If it has not ended a second after the first one,
 * `waiting` is printed to stderr; a second after the second one, it is killed.
 *
 * @param cwd Folder in which it runs.
 * @returns Its exit code; 128 plus the signal's number if a signal ended it, 130 if it was killed.
 */
export async function runChild(
  args: readonly string[],
  cwd: string,
  { waiting, env = {} }: RunChildOptions = {},
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: [...args], cwd, env }).spawn();
  let [pressedAt, presses, isKilled] = [-Infinity, 0, false];
  const timers: ReturnType<typeof setTimeout>[] = [];
  const say = () => {
    if (waiting) Deno.stderr.writeSync(new TextEncoder().encode(`${waiting}\n`));
  };
  const kill = () => {
    isKilled = true;
    send(child, "SIGKILL");
  };
  // A terminal sends Ctrl-C to all its programs, so the child may get two; it counts them as one.
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const listeners = signals.map((signal) => {
    const listener = () => {
      send(child, signal);
      const now = performance.now();
      if (now - pressedAt < SAME_PRESS_MS) return;
      pressedAt = now;
      presses++;
      if (presses <= 2) timers.push(setTimeout(presses === 1 ? say : kill, ANSWER_MS));
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  try {
    const { code } = await child.status;
    return isKilled ? 130 : code;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  }
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
