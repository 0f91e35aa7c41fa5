import { expect, test } from "vitest";
import { shareOf } from "./ingest.ts";

test.each([
  [10, 10, 0, 10, 0],
  [10, 7, 3, 7, 0],
  [10, 6, 3, 6, 0],
  // Somebody else sent to the same sensor, or records gave several messages.
  [10, 25, 0, 10, 15],
  [10, 10, 3, 7, 3],
  [0, 5, 9, 0, 5],
])(
  "of %d records accepted, %d indexed and %d rejected meanwhile %d are told as indexed, and %d more",
  (accepted, indexed, rejected, own, more) => {
    expect(shareOf(accepted, { indexed, rejected })).toEqual({ indexed: own, more });
  },
);
