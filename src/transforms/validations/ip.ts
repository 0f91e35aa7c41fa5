import { z } from "zod";
import { cellText } from "../../stellar/cells.ts";
import { isIp } from "../../stellar/net/validation.ts";
import { columnsSeen, defineValidation, isSeen } from "./validation.ts";

const type = z.enum(["IPV4", "IPV6", "DEFAULT"]);
const VERSIONS = { IPV4: 4, IPV6: 6, DEFAULT: undefined } as const;

export const ip = defineValidation({
  name: "IP",
  summary: "Checks that a field holds an IP address; of several fields one is enough, as in the original.",
  config: z.strictObject({
    type: z
      .union([type.transform((one) => [one]), z.array(type)])
      .optional()
      .describe("IPV4, IPV6, DEFAULT (either) or a list of them; either when left out."),
  }),
  open: ({ type: types = [] }) => {
    const versions = (types.length === 0 ? (["DEFAULT"] as const) : types).map((name) => VERSIONS[name]);
    return (batch, fields) => {
      const columns = columnsSeen(batch, fields);
      return (row) => {
        for (const column of columns) {
          if (!isSeen(fields, column, row)) continue;
          const text = cellText(column, row);
          if (text === null || versions.some((version) => isIp(text, version))) return "valid";
        }
        return "invalid";
      };
    };
  },
});
