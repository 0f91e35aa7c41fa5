import { cellText } from "../../stellar/cells.ts";
import { columnsSeen, defineValidation, isSeen, noOptions } from "./validation.ts";

export const notEmpty = defineValidation({
  name: "NOT_EMPTY",
  summary: "Checks that fields are there, and neither null nor blank.",
  config: noOptions,
  open: () => (batch, fields) => {
    const columns = columnsSeen(batch, fields);
    return (row) => {
      for (const column of columns) {
        if (!isSeen(fields, column, row)) continue;
        const text = cellText(column, row);
        if (text === null || text.trim() === "") return "invalid";
      }
      return "valid";
    };
  },
});
