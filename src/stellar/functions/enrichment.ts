/**
 * Look-ups in what the platform knows. The data live in layers above, so each function needs a service that the
 * enrichment layer fills in; see the interfaces below.
 */
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import { fromMessage, StellarMap, toText, typeName, type Value } from "../values/value.ts";

/** What is known of a thing: names and plain values. */
type Facts = Readonly<Record<string, unknown>>;

/** The facts of an address, or undefined for one that is unknown, local or no address. */
export type AddressLookup = (ip: string) => Facts | undefined;

/** Where a row of an enrichment table is. */
type TableKey = {
  readonly type: string;
  readonly indicator: string;
  readonly table: string;
  readonly columnFamily: string;
};

/** The facts of a row, or undefined when there is none. */
export type TableLookup = (key: TableKey) => Facts | undefined;

/**
 * A stored object by its path; throws a StellarError when it is missing, unreadable or too large. `section` is the
 * global key that holds the settings of its cache; without it they are global keys themselves.
 */
export type ObjectLookup = (path: string, section?: string) => Value;

declare module "../run/services.ts" {
  interface Services {
    readonly asn?: AddressLookup;
    readonly geo?: AddressLookup;
    readonly objects?: ObjectLookup;
    readonly tables?: TableLookup;
  }
}

const ADDRESS = { name: "ip", type: "any", about: "The IP address." } as const;
const FIELDS = {
  name: "fields",
  type: "any",
  about: "A list of the fields to give; of one field its value alone.",
  optional: true,
} as const;
const ADDRESS_RESULT =
  "A map, empty for an unknown address; with fields null for one; null when there is no address.";

const geoGet = defineServiceFunction({
  name: "GEO_GET",
  summary: "Looks up the place of an IP address.",
  params: [ADDRESS, FIELDS],
  returns: "any",
  result: `${ADDRESS_RESULT} Fields: locID, country, city, postalCode, dmaCode, latitude, longitude, location_point.`,
  examples: [],
  needs: ["geo"],
  exact: true,
  call: ({ geo }, ip, fields) => addressFacts(geo, ip, fields),
});

const asnGet = defineServiceFunction({
  name: "ASN_GET",
  summary: "Looks up the autonomous system of an IP address.",
  params: [ADDRESS, FIELDS],
  returns: "any",
  result: `${ADDRESS_RESULT} Fields: network, autonomous_system_number, autonomous_system_organization.`,
  examples: [],
  needs: ["asn"],
  exact: true,
  call: ({ asn }, ip, fields) => addressFacts(asn, ip, fields),
});

function addressFacts(lookup: AddressLookup, ip: Value, fields: Value | undefined): Value {
  if (typeof ip !== "string" || ip.trim() === "") return null;
  if (fields === undefined) return mapOf(lookup(ip));
  const facts = Array.isArray(fields) ? lookup(ip) : undefined;
  if (facts === undefined || !Array.isArray(fields)) return null;
  const all = mapOf(facts);
  if (fields.length === 1) return all.get(fields[0] as Value) ?? null;
  const wanted = new StellarMap();
  for (const field of fields) wanted.set(field, all.get(field) ?? null);
  return wanted;
}

const ROW = [
  { name: "type", type: "text", about: "The type of enrichment or indicator." },
  { name: "indicator", type: "text", about: "The value to look up." },
  { name: "table", type: "text", about: "The table." },
  { name: "columnFamily", type: "text", about: "The table's column family, as Metron had them." },
] as const;

const enrichmentExists = defineServiceFunction({
  name: "ENRICHMENT_EXISTS",
  summary: "Tells whether an enrichment table has a row.",
  params: ROW,
  returns: "boolean",
  examples: [],
  needs: ["tables"],
  exact: true,
  call: ({ tables }, ...row) => rowFacts(tables, row) !== undefined,
});

const enrichmentGet = defineServiceFunction({
  name: "ENRICHMENT_GET",
  summary: "Gives what an enrichment table knows of a value.",
  params: ROW,
  returns: "map",
  result: "An empty map when there is no row.",
  examples: [],
  needs: ["tables"],
  exact: true,
  call: ({ tables }, ...row) => mapOf(rowFacts(tables, row)),
});

function rowFacts(tables: TableLookup, row: readonly (string | null)[]): Facts | undefined {
  const [type, indicator, table, columnFamily] = row;
  if (!type || indicator === undefined || indicator === null) return undefined;
  return tables({ type, indicator, table: table ?? "", columnFamily: columnFamily ?? "" });
}

const objectGet = defineServiceFunction({
  name: "OBJECT_GET",
  summary: "Gives a stored object, such as a bloom filter that a loader wrote.",
  params: [{ name: "path", type: "string", about: "The object's path.", optional: true }],
  returns: "any",
  examples: [],
  needs: ["objects"],
  call: ({ objects }, path) => (path === undefined || path === null ? null : objects(path)),
});

const enrichmentObjectGet = defineServiceFunction({
  name: "ENRICHMENT_OBJECT_GET",
  summary: "Looks a value up in a stored map.",
  params: [
    { name: "path", type: "string", about: "The map's path." },
    { name: "indicator", type: "any", about: "The value to look up." },
  ],
  returns: "any",
  result: "Null when the map does not have the value.",
  examples: [],
  needs: ["objects"],
  exact: true,
  call: ({ objects }, path, indicator) => {
    if (path === null || indicator === null) return null;
    const object = objects(path, "enrichment.object.get.settings");
    if (object === null) return null;
    if (object instanceof StellarMap) return object.get(indicator) ?? null;
    throw new StellarError(`ENRICHMENT_OBJECT_GET: ${toText(path)} is a ${typeName(object)}, not a map`);
  },
});

function mapOf(facts: Facts | undefined): StellarMap {
  return new StellarMap(Object.entries(facts ?? {}).map(([name, value]) => [name, fromMessage(value)]));
}

export const enrichment: Namespace = {
  name: "enrichment",
  summary: "Look-ups in the platform's tables, geographic databases and stored objects.",
  functions: [asnGet, enrichmentExists, enrichmentGet, enrichmentObjectGet, geoGet, objectGet],
};
