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
  "text",
] as const;

export type Meaning = (typeof MEANINGS)[number];
