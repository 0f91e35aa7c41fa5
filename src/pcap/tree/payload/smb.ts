import { rest } from "../cursor.ts";
import type { Step } from "../step.ts";

export const smb: Step = {
  name: "smb",
  label: "smb",
  read(cursor) {
    rest(cursor, "data.data", "Data");
    return undefined;
  },
};
