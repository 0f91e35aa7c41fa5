import { z } from "zod";
import type { FieldValue, Message } from "../../core/message.ts";
import { TABLE } from "../../schema/fields/enrichments.ts";
import type { TableValue } from "../../storage/table/contract.ts";
import { defineEnrichment } from "../enrichment.ts";
import { lookupTyped, typesOption } from "./typed-fields.ts";

export const table = defineEnrichment({
  name: "hbaseEnrichment",
  summary: "Adds what a table says of a value: the keys of its entry, below the type of the entry.",
  config: z.strictObject({
    table: z.string().min(1).default("enrichment").describe("Name of the table."),
    types: typesOption,
  }),
  fields: TABLE,
  open: (config, context) => lookupTyped(config, context, addEntry),
});

function addEntry(known: Message, type: string, entry: TableValue): void {
  if (entry === null) return;
  if (typeof entry !== "object" || Array.isArray(entry)) known[type] = entry as FieldValue;
  else for (const [key, value] of Object.entries(entry as object)) known[`${type}.${key}`] = value;
}
