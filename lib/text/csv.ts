/** A row of a CSV file. */
export interface CsvRow {
  /** Line in the file where the row begins, from 1. */
  readonly line: number;
  /** Its fields without blanks at their ends. */
  readonly fields: readonly string[];
}

/**
 * Splits a CSV text into its rows; empty rows are left out.
 *
 * Fields are separated by commas, or by semicolons or tabs if the first line has no comma, as
 * spreadsheets of other languages write it. A field in quotes may hold separators, line ends and
 * doubled quotes.
 *
 * Source: RFC 4180.
 *
 * @throws {SyntaxError} If a quote is not closed, naming its line.
 */
export function parseCsv(text: string): CsvRow[] {
  const source = text.replace(/^\ufeff/, "").replaceAll(/\r\n|\r/g, "\n");
  const separator = separatorOf(source.slice(0, (source + "\n").indexOf("\n")));
  const rows: CsvRow[] = [];
  let line = 1;
  for (let at = 0; at < source.length;) {
    const fields: string[] = [];
    const start = line;
    while (true) {
      const { value, end, lines } = readField(source, at, separator, line);
      fields.push(value.trim());
      line += lines;
      at = end + 1;
      if (source[end] !== separator) break;
    }
    line++;
    if (fields.some((field) => field !== "")) rows.push({ line: start, fields });
  }
  return rows;
}

/** Writes rows as CSV, with quotes where they are needed. */
export function writeCsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",;\t\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function separatorOf(first: string): string {
  return [",", ";", "\t"].find((separator) => first.includes(separator)) ?? ",";
}

/** Reads a field; `end` is the index of the separator or line end behind it. */
function readField(source: string, start: number, separator: string, line: number) {
  const quote = /[^\S\n\t]*"/y;
  quote.lastIndex = start;
  if (!quote.test(source)) {
    let end = start;
    while (end < source.length && source[end] !== separator && source[end] !== "\n") end++;
    return { value: source.slice(start, end), end, lines: 0 };
  }
  let at = quote.lastIndex;
  let value = "";
  while (true) {
    const close = source.indexOf('"', at);
    if (close < 0) throw new SyntaxError(`line ${line}: expected a closing quote, got none`);
    value += source.slice(at, close);
    at = close + 1;
    if (source[at] !== '"') break;
    value += '"';
    at++;
  }
  const lines = value.split("\n").length - 1;
  while (at < source.length && source[at] !== separator && source[at] !== "\n") at++;
  return { value, end: at, lines };
}
