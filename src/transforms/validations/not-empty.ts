import { cellText } from "../../stellar/cells.ts";
import { defineValidation, noOptions } from "./validation.ts";

export const notEmpty = defineValidation({
  name: "NOT_EMPTY",
  summary: "Checks that fields are there, and neither null nor blank.",
  config: noOptions,
  open: () => (batch, fields) => {
    const columns = fields.map((field) => batch.column(field));
    return (row) => {
      for (const column of columns) {
        const text = cellText(column, row);
        if (text === null || text.trim() === "") return "invalid";
      }
      return "valid";
    };
  },
});
