import { z } from "zod";
import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";
import { encodeText } from "../../core/text.ts";
import { defineEnrichment, type Lookup } from "../enrichment.ts";
import { TypedFields, typesOption } from "./typed-fields.ts";

export const table = defineEnrichment({
  name: "hbaseEnrichment",
  summary: "Adds what a table says of a value: the keys of its entry, below the type of the entry.",
  config: z.strictObject({
    table: z.string().min(1).default("enrichment").describe("Name of the table."),
    types: typesOption,
  }),
  fields: [],
  open: (config, context): Lookup => {
    const typed = new TypedFields(config.table, config.types, context);
    return {
      filter: typed.filter,
      version: typed.version,
      lookup: (value, field) => {
        const key = encodeText(value);
        let known: Message | undefined;
        for (const { type, lookup } of typed.doors(field)) {
          const entry = lookup.get(key, 0, key.length);
          if (entry === undefined || entry === null) continue;
          known ??= emptyMessage();
          addEntry(known, type, entry as FieldValue);
        }
        return known;
      },
    };
  },
});

function addEntry(known: Message, type: string, entry: FieldValue): void {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) known[type] = entry;
  else for (const [key, value] of Object.entries(entry)) known[`${type}.${key}`] = value;
}
