import type { Meaning } from "./meaning.ts";

/** Types of DuckDB that columns of the index have. */
type StoredColumn = "VARCHAR" | "INTEGER" | "BIGINT" | "DOUBLE" | "BOOLEAN" | "TIMESTAMP_MS";

/** What a meaning does to a value wherever one is compared, ranged, shown or stored. */
export type MeaningDefinition = {
  /** What its values are, for the reference. */
  readonly about: string;
  /** What values are compared by, and so what a range of them is: letters, addresses, numbers; nothing has no ranges. */
  readonly order: "letters" | "addresses" | "numbers" | "none";
  /** How a person sees a value: as it is, with groups of digits, with a size, as a time, with its unit. */
  readonly shown: "plain" | "grouped" | "size" | "time" | "duration";
  /** The type that expressions and completion know it by. */
  readonly type: "text" | "ip" | "integer" | "long" | "double" | "date" | "boolean";
  /** How a value is kept: the column of the index, the logical type in Parquet, the mapping in OpenSearch. */
  readonly stored: { readonly column: StoredColumn; readonly parquet: string; readonly openSearch: string };
};

const TEXT = {
  order: "letters",
  shown: "plain",
  type: "text",
  stored: { column: "VARCHAR", parquet: "STRING", openSearch: "keyword" },
} as const;

const WHOLE = { column: "BIGINT", parquet: "INT(64, true)", openSearch: "long" } as const;
/** Parquet has no logical type for it: the physical type says all. */
const REAL = { column: "DOUBLE", parquet: "DOUBLE", openSearch: "double" } as const;

/** Every meaning as data. */
export const meanings: Readonly<Record<Meaning, MeaningDefinition>> = {
  address: {
    ...TEXT,
    about: "An IP address; a mapped IPv4 address is the IPv4 address.",
    order: "addresses",
    type: "ip",
    stored: { ...TEXT.stored, openSearch: "ip" },
  },
  network: {
    ...TEXT,
    about: "A network, `address/bits`.",
    order: "addresses",
    stored: { ...TEXT.stored, openSearch: "ip_range" },
  },
  domain: { ...TEXT, about: "A name of the domain name system, in any case, with or without the last dot." },
  host: { ...TEXT, about: "The name or address of a machine." },
  hash: { ...TEXT, about: "A digest in hexadecimal digits, in any case, with or without colons." },
  mac: { ...TEXT, about: "A hardware address, with colons, dashes, dots or nothing between its digits." },
  email: { ...TEXT, about: "An e-mail address, in any case." },
  url: { ...TEXT, about: "An address of the web; scheme and host in any case." },
  user: { ...TEXT, about: "A user name as the sensor writes it." },
  path: { ...TEXT, about: "A path of files, or of something that is named like files." },
  text: { ...TEXT, about: "Letters that are compared as they stand." },
  port: {
    about: "A port of TCP, UDP or SCTP.",
    order: "numbers",
    shown: "plain",
    type: "integer",
    stored: { column: "INTEGER", parquet: "INT(32, true)", openSearch: "integer" },
  },
  instant: {
    about: "A point in time, counted since 1970.",
    order: "numbers",
    shown: "time",
    type: "date",
    stored: { column: "TIMESTAMP_MS", parquet: "TIMESTAMP(MILLIS, UTC)", openSearch: "date" },
  },
  duration: {
    about: "How long something took.",
    order: "numbers",
    shown: "duration",
    type: "double",
    stored: REAL,
  },
  count: { about: "How many.", order: "numbers", shown: "grouped", type: "long", stored: WHOLE },
  bytes: { about: "How many bytes.", order: "numbers", shown: "size", type: "long", stored: WHOLE },
  code: {
    about: "A whole number that names or ranks something and is never added up.",
    order: "numbers",
    shown: "plain",
    type: "long",
    stored: WHOLE,
  },
  number: { about: "Any other number.", order: "numbers", shown: "plain", type: "double", stored: REAL },
  truth: {
    about: "True or false.",
    order: "none",
    shown: "plain",
    type: "boolean",
    stored: { column: "BOOLEAN", parquet: "BOOLEAN", openSearch: "boolean" },
  },
};
