import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { type DateFormat, simpleDateFormat } from "../../java/simple-date-format.ts";
import { cellText } from "../../stellar/run/cells.ts";
import { columnsSeen, defineValidation, isSeen } from "./validation.ts";

export const date = defineValidation({
  name: "DATE",
  summary: "Checks that fields start with a date of a format; a field that is absent is fine.",
  config: z.strictObject({
    format: z.string().describe("Pattern of Java's SimpleDateFormat."),
    endsAtAbsent: z
      .boolean()
      .default(false)
      .describe("Whether the first absent field ends the check of the fields after it, as in the original."),
  }),
  examples: [
    {
      options: { input: "day", config: { format: "yyyy-MM-dd" } },
      given: { day: "31.12.2024" },
      rejects: "failed the validation DATE (day)",
    },
  ],
  open: ({ format, endsAtAbsent }, { timeZone, clock }) => {
    const dates = compileFormat(format, timeZone, clock.now());
    return (batch, fields) => {
      const columns = columnsSeen(batch, fields);
      return (row) => {
        for (const column of columns) {
          if (!isSeen(fields, column, row)) continue;
          const text = cellText(column, row);
          if (text === null && endsAtAbsent) return "valid";
          if (text !== null && Number.isNaN(dates.parse(text))) return "invalid";
        }
        return "valid";
      };
    };
  },
});

function compileFormat(format: string, zone: string, now: number): DateFormat {
  try {
    return simpleDateFormat(format, { zone, now, lenient: false });
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new Fault("CONFIG_INVALID", `DATE: format \`${format}\`: ${error.message}`, { cause: error });
  }
}
