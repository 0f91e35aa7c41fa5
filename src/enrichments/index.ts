import type { Catalogue } from "../core/component.ts";
import { asn } from "./addresses/asn/asn.ts";
import { geo } from "./addresses/geo/geo.ts";
import type { EnrichmentDefinition } from "./enrichment.ts";
import { host } from "./host/host.ts";
import { stellar } from "./stellar/stellar.ts";
import { table } from "./table/table.ts";

/** The enrichments Metron knows. */
export const enrichments: Catalogue<EnrichmentDefinition> = {
  kind: "enrichment",
  list: [asn, geo, host, stellar, table],
};
