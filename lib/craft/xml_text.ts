/** Escapes a text for XML 1.0, and drops the characters that it cannot hold. */
export function escapeXml(value: string | number): string {
  return String(value).toWellFormed()
    // deno-lint-ignore no-control-regex -- these are what XML forbids
    .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")
    .replaceAll(/[&<>"\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
