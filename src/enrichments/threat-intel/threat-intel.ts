import { z } from "zod";
import { emptyMessage, type Message } from "../../core/message.ts";
import { encodeText } from "../../core/text.ts";
import { defineEnrichment, type Lookup } from "../enrichment.ts";
import { TypedFields, typesOption } from "../table/typed-fields.ts";

export const threatIntel = defineEnrichment({
  name: "hbaseThreatIntel",
  summary: 'Matches values with indicators; a match adds the indicator\'s type with the value "alert".',
  config: z.strictObject({
    table: z.string().min(1).default("threatintel").describe("Name of the table that holds the indicators."),
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
        let hits: Message | undefined;
        for (const { type, lookup } of typed.doors(field)) {
          if (lookup.get(key, 0, key.length) === undefined) continue;
          hits ??= emptyMessage();
          hits[type] = "alert";
        }
        return hits;
      },
    };
  },
});
