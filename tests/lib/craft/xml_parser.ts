import { XMLParser } from "npm:fast-xml-parser@5.2.5";

/** Reads XML as another program does: elements and attributes by their names. */
// deno-lint-ignore no-explicit-any -- the shape is what a test expects
export function parseXml(text: string): any {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" });
  return parser.parse(text, true);
}
