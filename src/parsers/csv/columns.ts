import { z } from "zod";
import { Fault } from "../../core/fault.ts";

/** A column that becomes a field. */
export type CsvColumn = { readonly name: string; readonly position: number };

const position = z.union([z.number().int().min(0), z.string().regex(/^\d+$/).transform(Number)]);

/** The option in the three forms the original takes: a list, a text with commas, a map of positions. */
export const columnsOption = z
  .union([z.array(z.string().min(1)).min(1), z.string().min(1), z.record(z.string(), position)])
  .describe(
    "Names of the columns: a list or a text with commas, each as `name` or `name:position`, or a map of positions.",
  );

/** The columns an option states, in its order. Throws a `Fault` CONFIG_INVALID for a position that is no number. */
export function readColumns(option: z.output<typeof columnsOption>): CsvColumn[] {
  if (typeof option === "object" && !Array.isArray(option)) {
    return Object.entries(option).map(([name, at]) => ({ name: name.trim(), position: at }));
  }
  const entries = typeof option === "string" ? option.split(",") : option;
  return entries.map((entry, index) => {
    const colon = entry.lastIndexOf(":");
    if (colon < 0) return { name: entry.trim(), position: index };
    const at = entry.slice(colon + 1).trim();
    if (!/^\d+$/.test(at)) {
      throw new Fault("CONFIG_INVALID", `columns: the position in \`${entry}\` is not a number`, {
        details: { path: ["columns"] },
      });
    }
    return { name: entry.slice(0, colon).trim(), position: Number(at) };
  });
}
