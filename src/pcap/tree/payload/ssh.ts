import { rest } from "../cursor.ts";
import type { Step } from "../step.ts";

export const ssh: Step = {
  name: "ssh",
  label: "ssh",
  read(cursor) {
    rest(cursor, "data.data", "Data");
    return undefined;
  },
};
