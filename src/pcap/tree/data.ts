import { rest } from "./cursor.ts";
import type { Step } from "./step.ts";

/** Bytes that nobody reads. */
export const data: Step = {
  name: "data",
  label: "Data",
  read(cursor) {
    rest(cursor, "data.data", "Data");
    return undefined;
  },
};
