import { asn } from "./asn/asn.ts";
import { geo } from "./geo/geo.ts";
import { host } from "./host/host.ts";

/** The enrichments Metron knows. */
export const enrichments = [asn, geo, host] as const;

export type EnrichmentName = (typeof enrichments)[number]["name"];
