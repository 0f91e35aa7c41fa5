import type { Catalogue } from "../core/component.ts";
import { asa } from "./asa/asa.ts";
import { bro } from "./bro/bro.ts";
import { cef } from "./cef/cef.ts";
import { csv } from "./csv/csv.ts";
import { fireeye } from "./fireeye/fireeye.ts";
import { grok } from "./grok/grok.ts";
import { ise } from "./ise/ise.ts";
import { jsonMap } from "./json-map/json-map.ts";
import { keyValue } from "./key-value/key-value.ts";
import { lancope } from "./lancope/lancope.ts";
import { leef } from "./leef/leef.ts";
import { logstash } from "./logstash/logstash.ts";
import { paloAlto } from "./palo-alto/palo-alto.ts";
import type { ParserDefinition } from "./parser.ts";
import { regularExpressions } from "./regular-expressions/regular-expressions.ts";
import { snort } from "./snort/snort.ts";
import { sourcefire } from "./sourcefire/sourcefire.ts";
import { suricata } from "./suricata/suricata.ts";
import { syslog, syslog3164, syslog5424 } from "./syslog/syslog.ts";
import { websphere } from "./websphere/websphere.ts";

const list = [
  asa, //
  bro,
  cef,
  csv,
  fireeye,
  grok,
  ise,
  jsonMap,
  keyValue,
  lancope,
  leef,
  logstash,
  paloAlto,
  regularExpressions,
  snort,
  sourcefire,
  suricata,
  syslog,
  syslog3164,
  syslog5424,
  websphere,
] as const;

export type ParserName = (typeof list)[number]["name"];

/** Every parser there is. */
export const parsers: Catalogue<ParserDefinition> = { kind: "parser", list };
