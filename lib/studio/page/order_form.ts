import type { PictureOrderForm } from "../protocol/studio_api.ts";

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
