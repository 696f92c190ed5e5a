import { colorDepth } from "../../image/ansi_color.ts";
import { createTerminal, type Terminal } from "../../report/terminal.ts";

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
  return createTerminal({
    isTerminal,
    depth: colorDepth({
      isTerminal,
      noColor: Deno.noColor,
      colorterm: variable("COLORTERM"),
      term: variable("TERM"),
    }),
    columns: () => size().columns,
    lines: () => size().rows,
    print(text) {
      const bytes = ENCODER.encode(text);
      try {
        for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
      } catch {
        // The reader has gone (`head`, a closed terminal) or the disk is full; the files of the run
        // still matter.
      }
    },
  });
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
