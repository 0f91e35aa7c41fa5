import type { FieldValue, Message } from "../../core/message.ts";
import { TABLE } from "../../schema/fields/enrichments.ts";
import type { TableValue } from "../../storage/table/contract.ts";
import { lookupTask } from "../define.ts";
import type { EnrichmentDefinition } from "../enrichment.ts";
import { byField, fieldsByType, lookupTyped } from "./typed-fields.ts";

export const table: EnrichmentDefinition<"table", typeof fieldsByType> = {
  name: "table",
  aliases: ["hbaseEnrichment"],
  summary: "Adds what a table says of a value: the keys of its entry, below the type of the entry.",
  config: fieldsByType,
  fields: TABLE,
  open(byType, context) {
    const types = byField(byType);
    const lookup = lookupTyped({ table: "enrichment", types }, context, addEntry);
    return lookupTask("hbaseEnrichment", lookup, Object.keys(types), context);
  },
};

function addEntry(known: Message, type: string, entry: TableValue): void {
  if (entry === null) return;
  if (typeof entry !== "object" || Array.isArray(entry)) known[type] = entry as FieldValue;
  else for (const [key, value] of Object.entries(entry as object)) known[`${type}.${key}`] = value;
}
