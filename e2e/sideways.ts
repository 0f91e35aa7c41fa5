import type { Page } from "@playwright/test";

/** Widths of windows, from a telephone to a desk, in CSS pixels. */
export const WIDTHS = [360, 480, 768, 1440] as const;

/**
 * What of a page goes beyond the window to the right, as text: that it scrolls sideways, its parts that do so without being boxes for it, and
 * elements that are cut off. Tables, code and lists of rows may scroll in boxes of their own (`data-scrolls`, `pre`, the editor, grids).
 */
export function beyondTheWindow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const boxes = "[data-scrolls], pre, .cm-scroller, [role=grid], [role=tablist]";
    const found: string[] = [];
    const root = document.scrollingElement;
    if (root !== null && root.scrollWidth > innerWidth) found.push(`the page has ${root.scrollWidth} px`);
    const named = (element: Element) =>
      `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${element.textContent?.slice(0, 60) ?? ""}`;
    for (const element of document.body.querySelectorAll("*")) {
      if (!(element instanceof HTMLElement) || element.closest(boxes) !== null) continue;
      const { overflowX, visibility, position } = getComputedStyle(element);
      const { right, width, height } = element.getBoundingClientRect();
      // What only screen readers get, and what is closed, has no size.
      if (visibility === "hidden" || width <= 1 || height <= 1) continue;
      const scrolls = overflowX === "auto" || overflowX === "scroll";
      if (scrolls && element.scrollWidth > element.clientWidth + 1)
        found.push(`scrolls sideways: ${named(element)}`);
      if (right > innerWidth + 1 && position !== "fixed")
        found.push(`cut off at ${right}: ${named(element)}`);
    }
    return found;
  });
}
