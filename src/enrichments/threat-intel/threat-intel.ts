import { z } from "zod";
import type { FieldValue, Message } from "../../core/message.ts";
import { THREAT_INTEL } from "../../schema/fields/enrichments.ts";
import type { TableValue } from "../../storage/table/contract.ts";
import { defineEnrichment } from "../enrichment.ts";
import { lookupTyped, typesOption } from "../table/typed-fields.ts";

export const threatIntel = defineEnrichment({
  name: "hbaseThreatIntel",
  summary:
    'Matches values with indicators; a match adds the indicator\'s type with the value "alert", and below it what its list says of it.',
  config: z.strictObject({
    table: z.string().min(1).default("threatintel").describe("Name of the table that holds the indicators."),
    types: typesOption,
  }),
  fields: THREAT_INTEL,
  open: (config, context) => ({
    ...lookupTyped(config, context, (hits, type, entry, isValue) => {
      hits[type] = "alert";
      addColumns(hits, type, entry, isValue);
    }),
    // Any address of an answer that is on a list makes the message an alert.
    looksIntoLists: true,
  }),
});

/** The other columns of the list, such as who says so and why. */
function addColumns(
  hits: Message,
  type: string,
  entry: TableValue,
  isValue: (text: string) => boolean,
): void {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return;
  for (const [column, value] of Object.entries(entry)) {
    if (value === null || value === "") continue;
    const isIndicator = typeof value === "string" && isValue(value.trim());
    if (!isIndicator) hits[`${type}.${column}`] = value as FieldValue;
  }
}
