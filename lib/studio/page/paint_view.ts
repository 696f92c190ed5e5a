/// <reference lib="dom" />
import { encodeBase64 } from "../protocol/base64.ts";
import { readPixels, savePicture } from "./gallery_client.ts";
import { clearDraft, readDraft, writeDraft } from "./paint_draft.ts";
import { PaintAgain } from "./paint_again.ts";
import { PaintCanvas } from "./paint_canvas.ts";
import { PaintColors } from "./paint_colors.ts";
import { changeHistory } from "./paint_history.ts";
import {
  clearLayer,
  createPainting,
  drawLine,
  fill,
  type Layer,
  type Painting,
  type Place,
} from "./painting.ts";
import { decodeBase64 } from "./pixels.ts";
import { html, useEffect, useReducer, useState, type VNode } from "./preact.ts";
import type { ViewProps } from "./view.ts";
import type { StudioSettings } from "../protocol/studio_api.ts";

const TOOLS = [
  { tool: "pencil", title: "Pencil", key: "b" },
  { tool: "eraser", title: "Eraser", key: "e" },
  { tool: "fill", title: "Fill", key: "f" },
  { tool: "picker", title: "Picker", key: "i" },
] as const;

const LAYERS: readonly { readonly layer: Layer; readonly title: string; readonly key: string }[] = [
  { layer: "indices", title: "Picture", key: "1" },
  { layer: "mask", title: "Mask: may change", key: "2" },
  { layer: "locked", title: "Lock: stays", key: "3" },
];

/** Colors that a palette has if an index is one byte, without the transparent index. */
const MAX_COLORS = 256;

const ZOOMS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** Paints a picture: one of the gallery, or a new one. */
export function PaintView({ settings, onError, rest }: ViewProps): VNode {
  const [history, change] = useReducer(changeHistory, undefined, () => ({
    now: blank(settings),
    before: [],
    after: [],
  }));
  const painting = history.now;
  const { height, width, colors, indices } = painting;
  const [tool, setTool] = useState<(typeof TOOLS)[number]["tool"]>("pencil");
  const [layer, setLayer] = useState<Layer>("indices");
  const [color, setColor] = useState(0);
  const [zoom, setZoom] = useState(12);
  const [hasGrid, setGrid] = useState(true);
  const [cursor, setCursor] = useState<Place>({ row: 0, column: 0 });
  const [name, setName] = useState("");
  const [saved, setSaved] = useState("");
  const [opened, setOpened] = useState(0);
  useEffect(() => {
    const open = (painting: Painting) => {
      change({ type: "open", painting });
      setZoom(fittingZoom(painting));
      setCursor({ row: 0, column: 0 });
      setColor(0);
      setSaved("");
    };
    setName("");
    const draft = readDraft();
    if (draft !== undefined && (draft.run === rest || rest === "")) {
      open(draft.painting);
      return setName(draft.name);
    }
    if (rest === "") return open(blank(settings));
    readPixels(rest).then((picture) => {
      open(createPainting({ ...picture, indices: decodeBase64(picture.indices) }));
      setName(picture.name);
    }).catch(onError);
  }, [rest, opened]);
  useEffect(() => {
    if (history.before.length > 0) writeDraft({ run: rest, name, painting });
  }, [painting]);
  const apply = (step: (painting: Painting) => Painting, continues = false) =>
    change({ type: "change", change: step, continues });
  const onPaint = (from: Place, to: Place, continues: boolean) => {
    const isInside = to.row >= 0 && to.row < height && to.column >= 0 && to.column < width;
    if (tool === "picker") {
      if (!isInside) return;
      setColor(indices[to.row * width + to.column]!);
      return setTool("pencil");
    }
    // No index is left for transparent pixels.
    if (tool === "eraser" && layer === "indices" && colors.length >= MAX_COLORS) return;
    const empty = layer === "indices" ? colors.length : 0;
    const value = tool === "eraser" ? empty : layer === "indices" ? color : 1;
    if (tool === "fill") {
      if (isInside && !continues) apply((painting) => fill(painting, { layer, at: to, value }));
    } else {
      apply((painting) => drawLine(painting, { layer, from, to, value }), continues);
    }
  };
  const zoomBy = (by: number) => {
    const at = ZOOMS.findIndex((one) => one >= zoom) + by;
    setZoom(ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, at))]!);
  };
  const undo = () => change({ type: "undo" });
  const redo = () => change({ type: "redo" });
  const colorBy = (by: number) => setColor((color + by + colors.length) % colors.length);
  const onKey = (event: KeyboardEvent) => {
    const key = event.key.toLowerCase();
    const isCommand = event.ctrlKey || event.metaKey;
    const commands: Record<string, () => void> = isCommand
      ? { z: event.shiftKey ? redo : undo, y: redo }
      : {
        ...Object.fromEntries(TOOLS.map(({ tool, key }) => [key, () => setTool(tool)])),
        ...Object.fromEntries(LAYERS.map(({ layer, key }) => [key, () => setLayer(layer)])),
        g: () => setGrid(!hasGrid),
        "+": () => zoomBy(1),
        "=": () => zoomBy(1),
        "-": () => zoomBy(-1),
        "[": () => colorBy(-1),
        "]": () => colorBy(1),
      };
    const command = commands[key];
    if (command === undefined || event.altKey) return;
    event.preventDefault();
    command();
  };
  const startAgain = () => {
    clearDraft();
    setOpened(opened + 1);
  };
  const save = async () => {
    try {
      const { run } = await savePicture({
        name: name || "painted",
        height,
        width,
        colors,
        indices: encodeBase64(indices),
      });
      clearDraft();
      setSaved(run);
    } catch (error) {
      onError(error);
    }
  };
  return html`
    <div class="paint">
      <h1 class="visually-hidden">Paint</h1>
      <section class="card board" aria-label="Painting">
        <div class="row" role="toolbar" aria-label="Tools">
          ${TOOLS.map((one) =>
            html`
              <button type="button" aria-pressed=${tool === one.tool}
                title=${`Key ${one.key.toUpperCase()}`}
                onClick=${() => setTool(one.tool)}>${one.title}</button>
            `
          )}
          <button type="button" disabled=${history.before.length === 0} title="Ctrl+Z"
            onClick=${undo}>Undo</button>
          <button type="button" disabled=${history.after.length === 0} title="Ctrl+Shift+Z"
            onClick=${redo}>Redo</button>
          <button type="button" onClick=${startAgain}>Start again</button>
          <button type="button" aria-label="Zoom out" title="Key -"
            onClick=${() => zoomBy(-1)}>−</button>
          <output aria-label="Zoom">${zoom}×</output>
          <button type="button" aria-label="Zoom in" title="Key +"
            onClick=${() => zoomBy(1)}>+</button>
          <button type="button" aria-pressed=${hasGrid} title="Key G"
            onClick=${() => setGrid(!hasGrid)}>Grid</button>
        </div>
        <div class="row" role="radiogroup" aria-label="Layer to paint on">
          ${LAYERS.map((one) =>
            html`<label class="check"><input type="radio" name="paint-layer"
              checked=${layer === one.layer} onChange=${() => setLayer(one.layer)} />
              ${one.title}</label>`
          )}
          ${layer !== "indices" && html`
            <button type="button" onClick=${() =>
              apply((painting) => clearLayer(painting, layer))}>Clear</button>
          `}
        </div>
        <${PaintCanvas} painting=${painting} zoom=${zoom} hasGrid=${hasGrid} cursor=${cursor}
          onCursor=${setCursor} onPaint=${onPaint} onKey=${onKey} />
        <p class="about">Keys on the picture: arrows move, Space paints, Shift and arrows draw;
          B, E, F, I choose a tool, 1 to 3 a layer, [ and ] a color.</p>
      </section>
      <div class="card side">
        <${PaintColors} painting=${painting} color=${color} palettes=${settings.palettes}
          onColor=${setColor} onChange=${apply} />
        <fieldset>
          <legend>Save</legend>
          <div class="row">
            <button type="button" onClick=${save}>Save as a new picture</button>
            <span role="status">${saved &&
              html`<a href=${`#/gallery/${encodeURIComponent(saved)}`}>Saved</a>`}</span>
          </div>
        </fieldset>
        <${PaintAgain} key=${name} prompt=${name} painting=${painting} settings=${settings}
          onError=${onError} />
      </div>
    </div>
  `;
}

/** A new picture: transparent, of the default size and palette. */
function blank({ defaults, palettes }: StudioSettings): Painting {
  const [height, width] = defaults.size;
  const { colors } = palettes.find(({ id }) => id === defaults.palette) ?? palettes[0]!;
  const indices = new Uint8Array(height * width).fill(colors.length);
  return createPainting({ height, width, colors, indices });
}

/** The largest zoom at which a picture fits in its part of the screen. */
function fittingZoom({ height, width }: Painting): number {
  const paper = document.querySelector(".paper");
  // Its padding, and three quarters of the window, as its style says.
  const [across, down] = [(paper?.clientWidth ?? innerWidth) - 20, innerHeight * 0.75 - 20];
  return ZOOMS.filter((zoom) => zoom * width <= across && zoom * height <= down).at(-1) ?? 1;
}
