import { type ColorDepth, colorDepth } from "../image/ansi_color.ts";

/** A stream of text that may be a terminal. */
export interface Terminal {
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Colors that it shows. */
  readonly depth: ColorDepth;
  /** Its width. */
  columns(): number;
  /** Its height. */
  lines(): number;
  /** Prints a text as it is. */
  write(text: string): void;
}

const ENCODER = new TextEncoder();

/** Returns the terminal behind stdout or stderr. */
export function terminalOf(stream: typeof Deno.stdout | typeof Deno.stderr): Terminal {
  const isTerminal = stream.isTerminal();
  const size = () => {
    try {
      const { columns, rows } = Deno.consoleSize();
      // Some terminals do not know their size and say 0.
      return { columns: columns || 80, rows: rows || 24 };
    } catch {
      return { columns: 80, rows: 24 };
    }
  };
  return {
    isTerminal,
    depth: colorDepth({
      isTerminal,
      noColor: Deno.noColor,
      colorterm: variable("COLORTERM"),
      term: variable("TERM"),
    }),
    columns: () => size().columns,
    lines: () => size().rows,
    write(text) {
      const bytes = ENCODER.encode(text);
      try {
        for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
      } catch (error) {
        // Who read this has gone, such as `head`; the results still matter.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
