import { z } from "zod";
import { defineEnrichment } from "../enrichment.ts";
import { lookupTyped, typesOption } from "../table/typed-fields.ts";

export const threatIntel = defineEnrichment({
  name: "hbaseThreatIntel",
  summary: 'Matches values with indicators; a match adds the indicator\'s type with the value "alert".',
  config: z.strictObject({
    table: z.string().min(1).default("threatintel").describe("Name of the table that holds the indicators."),
    types: typesOption,
  }),
  fields: [],
  open: (config, context) =>
    lookupTyped(config, context, (hits, type) => {
      hits[type] = "alert";
    }),
});
