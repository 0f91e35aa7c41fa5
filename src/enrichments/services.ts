import { canonicalKey } from "../schema/canonical.ts";
import type { AddressLookup, TableLookup } from "../stellar/functions/enrichment.ts";
import type { TableReader } from "../storage/table/contract.ts";
import type { Databases } from "./addresses/databases.ts";

/** What GEO_GET, ASN_GET, ENRICHMENT_GET and ENRICHMENT_EXISTS ask; to be joined to the services of an environment. */
export function enrichmentServices(
  databases: Databases,
  table: (name: string) => TableReader | undefined,
): { readonly geo: AddressLookup; readonly asn: AddressLookup; readonly tables: TableLookup } {
  return {
    geo: (ip) => databases.geo?.lookup(ip),
    asn: (ip) => {
      const known = databases.asn?.lookup(ip);
      // The original returns the address asked for as its network.
      return known === undefined ? undefined : { ...known, network: ip };
    },
    tables: ({ type, indicator, table: name }) => {
      const reader = indicator === "" ? undefined : table(name);
      const entry = reader?.get(type, canonicalKey(indicator)) ?? reader?.get(type, indicator);
      if (entry === undefined) return undefined;
      return typeof entry === "object" && entry !== null && !Array.isArray(entry)
        ? (entry as Readonly<Record<string, unknown>>)
        : {};
    },
  };
}
