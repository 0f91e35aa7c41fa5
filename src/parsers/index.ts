import { asa } from "./asa/asa.ts";
import { bro } from "./bro/bro.ts";
import { csv } from "./csv/csv.ts";
import { grok } from "./grok/grok.ts";
import { jsonMap } from "./json-map/json-map.ts";
import { snort } from "./snort/snort.ts";
import { suricata } from "./suricata/suricata.ts";
import { syslog3164, syslog5424 } from "./syslog/syslog.ts";

/** Every parser there is. */
export const parsers = [
  asa, //
  bro,
  csv,
  grok,
  jsonMap,
  snort,
  suricata,
  syslog3164,
  syslog5424,
] as const;

export type ParserName = (typeof parsers)[number]["name"];
