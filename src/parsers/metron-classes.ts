import type { ParserName } from "./index.ts";

/** Our parser for each parser class of Metron's sensor documents. */
export const METRON_CLASSES: Readonly<Record<string, ParserName>> = {
  "org.apache.metron.parsers.GrokParser": "grok",
  "org.apache.metron.parsers.asa.BasicAsaParser": "asa",
  "org.apache.metron.parsers.bro.BasicBroParser": "bro",
  "org.apache.metron.parsers.csv.CSVParser": "csv",
  "org.apache.metron.parsers.json.JSONMapParser": "jsonMap",
  "org.apache.metron.parsers.snort.BasicSnortParser": "snort",
  "org.apache.metron.parsers.syslog.Syslog3164Parser": "syslog3164",
  "org.apache.metron.parsers.syslog.Syslog5424Parser": "syslog5424",
};
