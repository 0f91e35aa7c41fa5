/**
 * What a value can stand for. Two texts of one meaning may spell the same thing: `2001:DB8::1` and `2001:db8:0::1` are
 * one address. A canonical form is the one spelling that all of them are compared in.
 */
export const MEANINGS = [
  "address",
  "network",
  "domain",
  "host",
  "hash",
  "mac",
  "email",
  "url",
  "user",
  "path",
  "text",
  "port",
  "instant",
  "duration",
  "count",
  "bytes",
  "code",
  "number",
  "truth",
] as const;

export type Meaning = (typeof MEANINGS)[number];

/** What the values of a list of indicators can stand for. */
export const INDICATOR_MEANINGS = [
  "address",
  "network",
  "domain",
  "host",
  "hash",
  "mac",
  "email",
  "url",
  "text",
] as const satisfies readonly Meaning[];

export type IndicatorMeaning = (typeof INDICATOR_MEANINGS)[number];
