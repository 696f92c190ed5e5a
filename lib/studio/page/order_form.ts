import { FREE_FLAGS, type PictureOrderForm } from "../protocol/studio_api.ts";

/** New values of some fields of a form; undefined empties a field. */
export type FormChange = {
  readonly [K in keyof PictureOrderForm]?: PictureOrderForm[K] | undefined;
};

/** Returns a form after a change. */
export function changeForm(form: PictureOrderForm, change: FormChange): PictureOrderForm {
  const fields = Object.entries({ ...form, ...change });
  return Object.fromEntries(
    fields.filter(([, value]) => value !== undefined),
  ) as unknown as PictureOrderForm;
}

/** A list of flags and their values, as a form has it. */
type Flags = PictureOrderForm["flags"];

/** Returns the value of a flag that takes one; undefined without it. */
export function flagValue(flags: Flags, name: string): string | undefined {
  return entriesOf(flags).find(([flag]) => flag === name)?.[1];
}

/** Tells whether a flag is there. */
export function hasFlag(flags: Flags, name: string): boolean {
  return entriesOf(flags).some(([flag]) => flag === name);
}

/**
 * Returns flags with another value of one.
 *
 * @param value True for a flag without a value; false or undefined removes it.
 */
export function setFlag(flags: Flags, name: string, value: string | boolean | undefined): Flags {
  const others = entriesOf(flags).filter(([flag]) => flag !== name);
  const added: [string, string?][] = value === true
    ? [[name]]
    : typeof value === "string"
    ? [[name, value]]
    : [];
  const all = [...others, ...added].flatMap((entry) => entry);
  return all.length > 0 ? all as string[] : undefined;
}

function entriesOf(flags: Flags): [name: string, value?: string][] {
  const left = [...flags ?? []];
  const entries: [string, string?][] = [];
  while (left.length > 0) {
    const name = left.shift()!;
    entries.push(FREE_FLAGS[name] ? [name, left.shift() ?? ""] : [name]);
  }
  return entries;
}

/** Flags that name colors of the palette: with another palette they mean nothing. */
const COLOR_FLAGS = ["--lock-colors", "--exclude-colors", "--outline"];

/** Returns a form with another palette. */
export function choosePalette(
  { flags, palette: before }: PictureOrderForm,
  palette: string,
): FormChange {
  if (palette === before) return {};
  const left = COLOR_FLAGS.filter((name) => flagValue(flags, name) !== "auto");
  return { palette, flags: left.reduce((flags, name) => setFlag(flags, name, false), flags) };
}
