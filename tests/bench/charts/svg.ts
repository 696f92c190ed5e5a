/** Colors of all charts. The background is filled, so they are readable on a dark page too. */
export const INK = {
  paper: "#ffffff",
  frame: "#d0d7de",
  grid: "#e6eaef",
  text: "#1f2328",
  muted: "#59636e",
  // Blue and orange of Okabe and Ito, distinguishable with color blindness.
  first: "#0072b2",
  second: "#e69f00",
} as const;

/** Fonts of the reader's system. An embedded SVG cannot load fonts. */
const FONTS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";

/** Attributes of an element. Numbers are rounded to 1/100, undefined ones are omitted. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Writes an SVG element. Its children are SVG. */
export function element(
  name: string,
  attributes: Attributes,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const text = typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
    return [` ${key}="${escapeXml(text)}"`];
  }).join("");
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join("")}</${name}>`;
}

/** Writes a line of text. */
export function textElement(
  text: string,
  attributes: Attributes & { readonly x: number; readonly y: number },
): string {
  return element("text", { "font-size": 12, fill: INK.text, ...attributes }, [escapeXml(text)]);
}

/** Attributes of a text in a plot: an outline separates it from the lines below. */
export const SEAM: Attributes = {
  stroke: INK.paper,
  "stroke-width": 3,
  "stroke-linejoin": "round",
  "paint-order": "stroke",
};

/** Writes a tooltip of the parent element. */
export function hint(text: string): string {
  return element("title", {}, [escapeXml(text)]);
}

/** Writes a complete SVG image, sizes in pixels. */
export function svgDocument(
  { width, height, name }: {
    readonly width: number;
    readonly height: number;
    readonly name: string;
  },
  children: readonly string[],
): string {
  const paper = element("rect", {
    x: 0.5,
    y: 0.5,
    width: width - 1,
    height: height - 1,
    rx: 8,
    fill: INK.paper,
    stroke: INK.frame,
  });
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": name,
    "font-family": FONTS,
  };
  const lines = ["", paper, ...children].map((child) => `${child}\n`);
  return `${element("svg", attributes, lines)}\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
