import { GalleryView } from "./gallery_view.ts";
import { MakeView } from "./make_view.ts";
import { PaintView } from "./paint_view.ts";
import type { View } from "./view.ts";

/** All views, in the order of the navigation. */
export const VIEWS: readonly View[] = [
  { name: "make", title: "Make", show: MakeView },
  { name: "gallery", title: "Gallery", show: GalleryView },
  { name: "paint", title: "Paint", show: PaintView },
];
