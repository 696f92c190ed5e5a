/// <reference lib="dom" />
import type { Painting, Place } from "./painting.ts";
import { PixelCanvas } from "./pixel_canvas.ts";
import { html, useMemo, useRef, type VNode } from "./preact.ts";

/** Shows a painting, and tells where the user paints: by pointer, or by a cursor of keys. */
export function PaintCanvas({ painting, zoom, hasGrid, cursor, onCursor, onPaint, onKey }: {
  readonly painting: Painting;
  /** Pixels of the screen for a pixel of the picture. */
  readonly zoom: number;
  readonly hasGrid: boolean;
  readonly cursor: Place;
  readonly onCursor: (place: Place) => void;
  /** Paints from a place to another; `continues` within a stroke. */
  readonly onPaint: (from: Place, to: Place, continues: boolean) => void;
  /** Gets the keys that are not for the cursor. */
  readonly onKey: (event: KeyboardEvent) => void;
}): VNode {
  const { height, width, colors, indices, mask, locked } = painting;
  const last = useRef<Place | undefined>(undefined);
  const marks = useMemo(() => ({
    height,
    width,
    indices: mask.map((masked, i) => locked[i] ? 2 : masked),
    colors: ["#00000000", "#ff00c8a0", "#00b4ffa0"],
  }), [mask, locked]);
  const picture = useMemo(() => ({ height, width, colors, indices }), [colors, indices]);
  const placeOf = (event: PointerEvent): Place => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return {
      row: Math.floor((event.clientY - box.top) / box.height * height),
      column: Math.floor((event.clientX - box.left) / box.width * width),
    };
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const place = placeOf(event);
    last.current = place;
    onPaint(place, place, false);
    onCursor(place);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (last.current === undefined) return;
    const place = placeOf(event);
    if (place.row === last.current.row && place.column === last.current.column) return;
    onPaint(last.current, place, true);
    last.current = place;
  };
  const onPointerEnd = () => void (last.current = undefined);
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, readonly [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const row = Math.min(height - 1, Math.max(0, cursor.row + step[0]));
      const column = Math.min(width - 1, Math.max(0, cursor.column + step[1]));
      // With Shift the cursor draws.
      if (event.shiftKey) onPaint(cursor, { row, column }, false);
      return onCursor({ row, column });
    }
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      return onPaint(cursor, cursor, false);
    }
    onKey(event);
  };
  const place = `column ${cursor.column + 1}, row ${cursor.row + 1}`;
  const color = colors[indices[cursor.row * width + cursor.column]!] ?? "transparent";
  return html`
    <div class="paper" tabindex="0" role="application" aria-label="Picture to paint"
      aria-describedby="paint-place" onKeyDown=${onKeyDown}>
      <div class="sheet" style=${{ width: `${width * zoom}px`, height: `${height * zoom}px` }}
        onPointerDown=${onPointerDown} onPointerMove=${onPointerMove} onPointerUp=${onPointerEnd}
        onPointerCancel=${onPointerEnd}>
        <${PixelCanvas} pixels=${picture} label="Picture" />
        <div class="marks"><${PixelCanvas} pixels=${marks} label="Mask and locks" /></div>
        ${hasGrid && zoom >= 4 && html`
          <div class="grid" style=${{ backgroundSize: `${zoom}px ${zoom}px` }}></div>
        `}
        <div class="cursor" style=${{
          left: `${cursor.column * zoom}px`,
          top: `${cursor.row * zoom}px`,
          width: `${zoom}px`,
          height: `${zoom}px`,
        }}></div>
      </div>
    </div>
    <p class="about" id="paint-place" role="status">${place}: ${color}</p>
  `;
}
