import type { ParserName } from "./index.ts";

/** Our parser for each parser class of Metron's sensor documents. */
export const METRON_CLASSES: Readonly<Record<string, ParserName>> = {
  "org.apache.metron.parsers.asa.BasicAsaParser": "asa",
  "org.apache.metron.parsers.bro.BasicBroParser": "bro",
  "org.apache.metron.parsers.json.JSONMapParser": "jsonMap",
};
