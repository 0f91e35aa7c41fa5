import { cellText } from "../../stellar/run/cells.ts";
import { columnsSeen, defineValidation, isSeen, noOptions } from "./validation.ts";

export const notEmpty = defineValidation({
  name: "NOT_EMPTY",
  summary: "Checks that fields are there, and neither null nor blank.",
  config: noOptions,
  examples: [
    {
      options: { input: "user" },
      given: { user: " " },
      rejects: "failed the validation NOT_EMPTY (user)",
    },
  ],
  open: () => (batch, fields) => {
    const columns = columnsSeen(batch, fields);
    return (row) => {
      for (const column of columns) {
        if (!isSeen(fields, column, row)) continue;
        const text = cellText(column, row);
        // Blank as Java trims: up to the space, so a no-break space is something.
        if (text === null || !/[^\0- ]/.test(text)) return "invalid";
      }
      return "valid";
    };
  },
});
