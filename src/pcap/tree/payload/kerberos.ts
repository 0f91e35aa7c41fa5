import { rest } from "../cursor.ts";
import type { Step } from "../step.ts";

export const kerberos: Step = {
  name: "kerberos",
  label: "kerberos",
  read(cursor) {
    rest(cursor, "data.data", "Data");
    return undefined;
  },
};
