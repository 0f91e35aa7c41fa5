import { z } from "zod";
import { isIp } from "../../stellar/functions/net/validation.ts";
import { cellText } from "../../stellar/run/cells.ts";
import { columnsSeen, defineValidation, isSeen } from "./validation.ts";

const type = z.enum(["IPV4", "IPV6", "DEFAULT"]);
const VERSIONS = { IPV4: 4, IPV6: 6, DEFAULT: undefined } as const;

export const ip = defineValidation({
  name: "IP",
  summary: "Checks that fields hold IP addresses; a field that is absent is fine.",
  config: z.strictObject({
    require: z
      .enum(["every", "any"])
      .default("every")
      .describe(
        "Whether every field that is present must be an address, or one good or absent field is enough, as in the original.",
      ),
    type: z
      .union([type.transform((one) => [one]), z.array(type)])
      .optional()
      .describe("IPV4, IPV6, DEFAULT (either) or a list of them; either when left out."),
  }),
  examples: [
    {
      options: { input: "ip", config: { type: "IPV4" } },
      given: { ip: "2001:db8::1" },
      rejects: "failed the validation IP (ip)",
    },
  ],
  open: ({ type: types = [], require }) => {
    const versions = (types.length === 0 ? (["DEFAULT"] as const) : types).map((name) => VERSIONS[name]);
    const passes = (text: string | null): boolean =>
      text === null || versions.some((version) => isIp(text, version));
    const every = require === "every";
    return (batch, fields) => {
      const columns = columnsSeen(batch, fields);
      return (row) => {
        for (const column of columns) {
          if (!isSeen(fields, column, row)) continue;
          // One cell decides: a wrong one where every cell must be right, a right one where any will do.
          if (passes(cellText(column, row)) !== every) return every ? "invalid" : "valid";
        }
        return every ? "valid" : "invalid";
      };
    };
  },
});
