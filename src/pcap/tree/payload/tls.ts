import { rest } from "../cursor.ts";
import type { Step } from "../step.ts";

export const tls: Step = {
  name: "tls",
  label: "tls",
  read(cursor) {
    rest(cursor, "data.data", "Data");
    return undefined;
  },
};
