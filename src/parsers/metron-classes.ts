import type { ParserName } from "./index.ts";

/** Our parser for each parser class of Metron's sensor documents. */
export const METRON_CLASSES: Readonly<Record<string, ParserName>> = {
  "org.apache.metron.parsers.GrokParser": "grok",
  "org.apache.metron.parsers.asa.BasicAsaParser": "asa",
  "org.apache.metron.parsers.bro.BasicBroParser": "bro",
  "org.apache.metron.parsers.cef.CEFParser": "cef",
  "org.apache.metron.parsers.csv.CSVParser": "csv",
  "org.apache.metron.parsers.fireeye.BasicFireEyeParser": "fireeye",
  "org.apache.metron.parsers.ise.BasicIseParser": "ise",
  "org.apache.metron.parsers.json.JSONMapParser": "jsonMap",
  "org.apache.metron.parsers.lancope.BasicLancopeParser": "lancope",
  "org.apache.metron.parsers.leef.LEEFParser": "leef",
  "org.apache.metron.parsers.logstash.BasicLogstashParser": "logstash",
  "org.apache.metron.parsers.paloalto.BasicPaloAltoFirewallParser": "paloAlto",
  "org.apache.metron.parsers.regex.RegularExpressionsParser": "regularExpressions",
  "org.apache.metron.parsers.snort.BasicSnortParser": "snort",
  "org.apache.metron.parsers.sourcefire.BasicSourcefireParser": "sourcefire",
  "org.apache.metron.parsers.syslog.Syslog3164Parser": "syslog3164",
  "org.apache.metron.parsers.syslog.Syslog5424Parser": "syslog5424",
  "org.apache.metron.parsers.websphere.GrokWebSphereParser": "websphere",
};

/**
 * Options that make our parsers read as the original does, where they read otherwise by themselves. Imported sensors
 * get them, so that what they return stays the same.
 */
export const METRON_OPTIONS: Readonly<Partial<Record<ParserName, Readonly<Record<string, unknown>>>>> = {
  asa: { reading: "original" },
  cef: { reading: "original" },
  fireeye: { reading: "original" },
  leef: { reading: "original" },
  paloAlto: { reading: "original" },
  ise: { reading: "original" },
  regularExpressions: { reading: "original" },
  sourcefire: { reading: "original" },
  syslog3164: { reading: "original", program: "none" },
  syslog5424: { reading: "original" },
};
