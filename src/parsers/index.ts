import { asa } from "./asa/asa.ts";
import { bro } from "./bro/bro.ts";
import { jsonMap } from "./json-map/json-map.ts";

/** Every parser there is. */
export const parsers = [
  asa, //
  bro,
  jsonMap,
] as const;

export type ParserName = (typeof parsers)[number]["name"];
