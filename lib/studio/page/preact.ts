/// <reference lib="dom" />
/**
 * Preact, and templates that make its elements. The server sends both packages to the page.
 *
 * @module
 */
import { h, type VNode } from "npm:preact@11.2.0";
import htm from "npm:htm@3.1.1";

export { type ComponentChildren, render, type VNode } from "npm:preact@11.2.0";
export {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "npm:preact@11.2.0/hooks";

/** Makes elements of a template: html`<p class="note">${text}</p>`. */
export const html: (
  strings: TemplateStringsArray,
  ...values: unknown[]
) => VNode = (htm as unknown as { bind(create: typeof h): never }).bind(h);
