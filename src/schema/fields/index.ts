import type { Field } from "../field.ts";
import { CEF, EVENT_HEADER, LEEF } from "./cef.ts";
import { ASA, FIREEYE, ISE, KEY_VALUE, LANCOPE, SNORT, WEBSPHERE } from "./devices.ts";
import { ENRICHMENTS } from "./enrichments.ts";
import { ERRORS, MESSAGE } from "./message.ts";
import { MODELS } from "./models.ts";
import { ENDS, TRAFFIC } from "./network.ts";
import { PALO_ALTO } from "./palo-alto.ts";
import { SURICATA } from "./suricata.ts";
import { SYSLOG_5424, SYSLOG_HEADER, SYSLOG_PROGRAM } from "./syslog.ts";
import { TRIAGE } from "./triage.ts";
import { ZEEK_CONNECTIONS, ZEEK_DNS, ZEEK_HTTP } from "./zeek.ts";
import { ZEEK_FILES, ZEEK_NOTICES, ZEEK_SESSIONS, ZEEK_TLS } from "./zeek-logs.ts";

/** Families of declared fields, with what they have in common as the heading of their part of the reference. */
export const families: readonly { readonly title: string; readonly fields: readonly Field[] }[] = [
  { title: "Every message", fields: MESSAGE },
  { title: "Ends of the traffic", fields: ENDS },
  { title: "Shared by sensors", fields: TRAFFIC },
  { title: "Enrichments and threat intelligence", fields: ENRICHMENTS },
  { title: "Models", fields: MODELS },
  { title: "Triage", fields: TRIAGE },
  { title: "Error records", fields: ERRORS },
  { title: "Syslog", fields: [...SYSLOG_HEADER, ...SYSLOG_PROGRAM, ...SYSLOG_5424] },
  { title: "Zeek: connections", fields: ZEEK_CONNECTIONS },
  { title: "Zeek: DNS", fields: ZEEK_DNS },
  { title: "Zeek: HTTP", fields: ZEEK_HTTP },
  { title: "Zeek: TLS", fields: ZEEK_TLS },
  { title: "Zeek: files", fields: ZEEK_FILES },
  { title: "Zeek: sessions", fields: ZEEK_SESSIONS },
  { title: "Zeek: notices", fields: ZEEK_NOTICES },
  { title: "Suricata", fields: SURICATA },
  { title: "CEF and LEEF", fields: [...EVENT_HEADER, ...CEF, ...LEEF] },
  { title: "Palo Alto", fields: PALO_ALTO },
  { title: "Cisco ASA", fields: ASA },
  { title: "Cisco ISE", fields: ISE },
  { title: "WebSphere", fields: WEBSPHERE },
  { title: "Snort and Sourcefire", fields: SNORT },
  { title: "FireEye", fields: FIREEYE },
  { title: "Key and value", fields: KEY_VALUE },
  { title: "Lancope", fields: LANCOPE },
];
