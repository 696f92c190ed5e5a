import type { Image, Rgb } from "../../../lib/image/image.ts";
import { backgroundColor } from "./backgrounds.ts";
import { drawShapes, type Fill } from "./shapes.ts";

/** An image of simple shapes, with a prompt in the vocabulary of the teacher `mini`. */
export interface Scene {
  /** Name of its file, without extension. */
  readonly id: string;
  /** Its prompt. */
  readonly prompt: string;
  /** Caption that the judge should choose; undefined for two objects. */
  readonly name?: string;
  /** Name of the color of the background, where the prompt names it. Default: white. */
  readonly background?: string;
  /** Shapes, from back to front. */
  readonly fills: readonly Fill[];
}

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [20, 20, 24];
const RED: Rgb = [214, 40, 50];
const GREEN: Rgb = [50, 140, 65];
const BROWN: Rgb = [120, 75, 45];
const YELLOW: Rgb = [255, 205, 60];

/** Input images of the benchmark. */
export const SCENES: readonly Scene[] = [
  {
    id: "house",
    prompt: "house on a light blue background",
    name: "house",
    background: "light blue",
    fills: [
      { box: [0.2, 0.45, 0.8, 0.9], color: [240, 220, 180] },
      { polygon: [[0.12, 0.47], [0.5, 0.12], [0.88, 0.47]], color: RED },
      { box: [0.42, 0.62, 0.58, 0.9], color: BROWN },
      { box: [0.26, 0.54, 0.37, 0.66], color: [80, 130, 200] },
      { box: [0.63, 0.54, 0.74, 0.66], color: [80, 130, 200] },
    ],
  },
  {
    id: "mushroom",
    prompt: "mushroom",
    name: "mushroom",
    fills: [
      { ellipse: [0.5, 0.7, 0.14, 0.24], color: [236, 205, 150] },
      { polygon: arch(0.5, 0.55, 0.4, 0.42), color: RED },
      { ellipse: [0.35, 0.4, 0.07, 0.07], color: WHITE },
      { ellipse: [0.62, 0.34, 0.08, 0.08], color: WHITE },
      { ellipse: [0.7, 0.49, 0.05, 0.05], color: WHITE },
    ],
  },
  {
    id: "sailboat",
    prompt: "sailboat on a cyan background",
    name: "sailboat",
    background: "cyan",
    fills: [
      { box: [0.49, 0.12, 0.53, 0.72], color: BROWN },
      { polygon: [[0.55, 0.15], [0.85, 0.66], [0.55, 0.66]], color: WHITE },
      { polygon: [[0.47, 0.22], [0.2, 0.66], [0.47, 0.66]], color: RED },
      { polygon: [[0.14, 0.72], [0.86, 0.72], [0.72, 0.88], [0.28, 0.88]], color: BROWN },
    ],
  },
  {
    id: "red_apple",
    prompt: "red apple on a green background",
    name: "red apple",
    background: "green",
    fills: [
      { ellipse: [0.38, 0.58, 0.24, 0.3], color: RED },
      { ellipse: [0.62, 0.58, 0.24, 0.3], color: RED },
      { polygon: [[0.48, 0.34], [0.56, 0.1], [0.61, 0.12], [0.53, 0.36]], color: BROWN },
      { ellipse: [0.68, 0.2, 0.13, 0.06], color: [150, 215, 90] },
      { ellipse: [0.3, 0.47, 0.06, 0.1], color: [245, 150, 150] },
    ],
  },
  {
    id: "crescent_moon",
    prompt: "crescent moon on a dark blue background",
    name: "crescent moon",
    background: "dark blue",
    fills: [
      { ellipse: [0.47, 0.5, 0.38, 0.38], color: YELLOW },
      { ellipse: [0.62, 0.42, 0.32, 0.32], color: backgroundColor("dark blue") },
    ],
  },
  {
    id: "cactus",
    prompt: "cactus on an orange background",
    name: "cactus",
    background: "orange",
    fills: [
      { box: [0.42, 0.22, 0.58, 0.9], color: GREEN },
      { ellipse: [0.5, 0.22, 0.08, 0.1], color: GREEN },
      { box: [0.18, 0.52, 0.42, 0.63], color: GREEN },
      { box: [0.18, 0.34, 0.28, 0.6], color: GREEN },
      { box: [0.58, 0.44, 0.82, 0.55], color: GREEN },
      { box: [0.72, 0.26, 0.82, 0.52], color: GREEN },
    ],
  },
  {
    id: "snowman",
    prompt: "snowman on a blue background",
    name: "snowman",
    background: "blue",
    fills: [
      { ellipse: [0.5, 0.7, 0.27, 0.24], color: WHITE },
      { ellipse: [0.5, 0.38, 0.18, 0.17], color: WHITE },
      { box: [0.3, 0.2, 0.7, 0.25], color: BLACK },
      { box: [0.37, 0.06, 0.63, 0.22], color: BLACK },
      { ellipse: [0.43, 0.34, 0.03, 0.03], color: BLACK },
      { ellipse: [0.57, 0.34, 0.03, 0.03], color: BLACK },
      { polygon: [[0.48, 0.38], [0.48, 0.43], [0.66, 0.42]], color: [240, 130, 40] },
    ],
  },
  {
    id: "umbrella",
    prompt: "umbrella",
    name: "umbrella",
    fills: [
      { box: [0.48, 0.4, 0.52, 0.86], color: BROWN },
      { ellipse: [0.45, 0.86, 0.07, 0.05], color: BROWN },
      { polygon: arch(0.5, 0.5, 0.42, 0.4), color: [120, 60, 170] },
      { polygon: arch(0.5, 0.5, 0.14, 0.4), color: [180, 120, 220] },
    ],
  },
  {
    id: "rocket",
    prompt: "rocket on a black background",
    name: "rocket",
    background: "black",
    fills: [
      { polygon: [[0.42, 0.74], [0.5, 0.96], [0.58, 0.74]], color: YELLOW },
      { polygon: [[0.36, 0.56], [0.2, 0.8], [0.38, 0.74]], color: RED },
      { polygon: [[0.64, 0.56], [0.8, 0.8], [0.62, 0.74]], color: RED },
      { ellipse: [0.5, 0.45, 0.16, 0.36], color: [225, 228, 235] },
      { polygon: [[0.4, 0.18], [0.5, 0.04], [0.6, 0.18]], color: RED },
      { ellipse: [0.5, 0.4, 0.08, 0.08], color: [70, 150, 220] },
    ],
  },
  {
    id: "house_and_sun",
    prompt: "house and sun on a light blue background",
    background: "light blue",
    fills: [
      { box: [0.06, 0.5, 0.46, 0.8], color: [240, 220, 180] },
      { polygon: [[0.02, 0.52], [0.26, 0.26], [0.5, 0.52]], color: RED },
      { box: [0.2, 0.62, 0.32, 0.8], color: BROWN },
      { ellipse: [0.76, 0.46, 0.17, 0.17], color: YELLOW },
    ],
  },
  {
    id: "tree_and_mushroom",
    prompt: "evergreen tree and mushroom",
    fills: [
      { box: [0.22, 0.7, 0.3, 0.86], color: BROWN },
      { polygon: [[0.05, 0.72], [0.26, 0.36], [0.47, 0.72]], color: GREEN },
      { polygon: [[0.1, 0.5], [0.26, 0.2], [0.42, 0.5]], color: GREEN },
      { ellipse: [0.74, 0.74, 0.07, 0.12], color: [236, 205, 150] },
      { polygon: arch(0.74, 0.68, 0.19, 0.2), color: RED },
      { ellipse: [0.7, 0.58, 0.04, 0.04], color: WHITE },
      { ellipse: [0.8, 0.61, 0.03, 0.03], color: WHITE },
    ],
  },
  {
    id: "balloon_and_star",
    prompt: "balloon and star on a purple background",
    background: "purple",
    fills: [
      { box: [0.255, 0.62, 0.27, 0.86], color: WHITE },
      { ellipse: [0.26, 0.42, 0.18, 0.22], color: RED },
      { polygon: star(0.74, 0.5, 0.22), color: YELLOW },
    ],
  },
];

/** Draws a scene, square. */
export function drawScene({ background = "white", fills }: Scene, size: number): Image {
  return drawShapes(size, backgroundColor(background), fills);
}

/** The upper half of an ellipse, flat below. */
function arch(x: number, y: number, radiusX: number, radiusY: number): [number, number][] {
  return Array.from({ length: 33 }, (_, i) => {
    const angle = Math.PI * i / 32;
    return [x - radiusX * Math.cos(angle), y - radiusY * Math.sin(angle)];
  });
}

/** A star of five points. */
function star(x: number, y: number, radius: number): [number, number][] {
  return Array.from({ length: 10 }, (_, i) => {
    const angle = Math.PI * i / 5;
    const length = i % 2 === 0 ? radius : radius * 0.42;
    return [x + length * Math.sin(angle), y - length * Math.cos(angle)];
  });
}
