import { expect, test } from "vitest";
import { pages } from "../index.ts";

const keysOf = (path: string) =>
  pages.find((page) => page.path === path)?.shortcuts?.flatMap(({ keys }) => keys) ?? [];

test.each(pages.map(({ path }) => path))("no key of the page %s does two things", (path) => {
  // The help's own key is everywhere.
  const keys = [...keysOf(path), "?"];
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});

test("the parts of the investigate page have told their keys", () => {
  const told = "j ArrowDown k ArrowUp g G Enter s . u Escape y / v t c l n o e d r f p 1 2 3 4 5 ] [ m";
  expect(keysOf("/")).toEqual(told.split(" "));
});
