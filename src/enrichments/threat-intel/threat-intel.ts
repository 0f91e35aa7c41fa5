import type { FieldValue, Message } from "../../core/message.ts";
import { THREAT_INTEL } from "../../schema/fields/enrichments.ts";
import type { TableValue } from "../../storage/table/contract.ts";
import { lookupTask } from "../define.ts";
import type { EnrichmentDefinition } from "../enrichment.ts";
import { byField, fieldsByType, lookupTyped } from "../table/typed-fields.ts";

/** The first half of the stage of threat intelligence, whose document names no component: its keys are types. */
export const threatIntel: EnrichmentDefinition<"hbaseThreatIntel", typeof fieldsByType> = {
  name: "hbaseThreatIntel",
  summary:
    'Matches values with indicators; a match adds the indicator\'s type with the value "alert", and below it what its list says of it.',
  config: fieldsByType,
  fields: THREAT_INTEL,
  open(byType, context) {
    const types = byField(byType);
    const lookup = lookupTyped({ table: "threatintel", types }, context, (hits, type, entry, isValue) => {
      hits[type] = "alert";
      addColumns(hits, type, entry, isValue);
    });
    // Any address of an answer that is on a list makes the message an alert.
    const intoLists = { ...lookup, looksIntoLists: true };
    return lookupTask("hbaseThreatIntel", intoLists, Object.keys(types), context);
  },
};

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
