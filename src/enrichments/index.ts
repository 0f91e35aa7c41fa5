import { asn } from "./addresses/asn/asn.ts";
import { geo } from "./addresses/geo/geo.ts";
import { host } from "./host/host.ts";
import { table } from "./table/table.ts";
import { threatIntel } from "./threat-intel/threat-intel.ts";

/** The enrichments Metron knows. Stellar enrichment (stellar/) is no look-up of a value and stands beside them. */
export const enrichments = [asn, geo, table, threatIntel, host] as const;
