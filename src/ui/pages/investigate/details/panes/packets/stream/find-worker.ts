import { findIn, type Haystack } from "./find.ts";

/** Finds bytes in a thread of its own, which the page ends when an expression takes too long. */
addEventListener("message", ({ data }: MessageEvent<{ haystacks: readonly Haystack[]; source: string }>) => {
  postMessage(findIn(data.haystacks, data.source));
});
