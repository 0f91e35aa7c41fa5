import { type Field, field, mixed } from "../field.ts";

/** What the geographic database says of an address. */
export const GEO: readonly Field[] = [
  field("locID", "code", "GeoNames id of the city; databases of MaxMind's form have it."),
  field("country", "text", "Two-letter code of the country (ISO 3166-1).", {
    ecs: "geo.country_iso_code",
    ocsf: "location.country",
  }),
  field("city", "text", "Name of the city.", { ecs: "geo.city_name", ocsf: "location.city" }),
  field("postalCode", "text", "Postal code.", { ocsf: "location.postal_code" }),
  field("dmaCode", "code", "Metro code; United States and MaxMind's form only."),
  field("latitude", "number", "Degrees north.", { ocsf: "location.lat" }),
  field("longitude", "number", "Degrees east.", { ocsf: "location.long" }),
  field("location_point", "text", "`latitude,longitude`, as maps and search indexes take it.", {
    ecs: "geo.location",
  }),
];

/** What the database of networks says of an address. */
export const ASN: readonly Field[] = [
  field("autonomous_system_number", "code", "Number of the system.", {
    ecs: "as.number",
    ocsf: "autonomous_system.number",
  }),
  field("autonomous_system_organization", "text", "Organisation that runs it.", {
    ecs: "as.organization.name",
    ocsf: "autonomous_system.name",
  }),
  mixed("network", "The announced block, `address/bits` or `first-last`."),
];

/** What is known of our own hosts. */
export const HOST: readonly Field[] = [mixed("known_info.*", "What the list of known hosts says of it.")];

/** What a table says of a value. */
export const TABLE: readonly Field[] = [mixed("*", "What the table says, behind the type of its entry.")];

/** What threat intelligence says of a value. */
export const THREAT_INTEL: readonly Field[] = [
  mixed("*", "`alert` for the type of the indicator; behind it, what its list says of it."),
];

/** The ends of the traffic in the two standards, which have names for what is known of their addresses. */
const ENDS = [
  { address: "ip_src_addr", ecs: "source", ocsf: "src_endpoint" },
  { address: "ip_dst_addr", ecs: "destination", ocsf: "dst_endpoint" },
];

/** What enrichments add, by the names that messages have. */
export const ENRICHMENTS: readonly Field[] = [
  ...added("enrichments.geo", GEO),
  ...added("enrichments.asn", ASN),
  ...added("enrichments.host", HOST),
  ...added("enrichments.hbaseEnrichment", TABLE),
  ...added("threatintels.hbaseThreatIntel", THREAT_INTEL),
];

/**
 * The fields `<prefix>.<field>.<key>` of an enrichment: those of the two ends, and a pattern for any other field. The
 * standards have names only for the ends.
 */
function added(prefix: string, keys: readonly Field[]): Field[] {
  return keys.flatMap(({ ecs, ocsf, ...key }) => {
    const ofEnds = ENDS.map((end) => ({
      ...key,
      name: `${prefix}.${end.address}.${key.name}`,
      ...(ecs === undefined ? {} : { ecs: `${end.ecs}.${ecs}` }),
      ...(ocsf === undefined ? {} : { ocsf: `${end.ocsf}.${ocsf}` }),
    }));
    const isInStandard = ecs !== undefined || ocsf !== undefined;
    return [...(isInStandard ? ofEnds : []), { ...key, name: `${prefix}.*.${key.name}` }];
  });
}
