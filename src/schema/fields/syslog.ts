import { type Field, field } from "../field.ts";

/** The header that all syslog has. */
export const SYSLOG_HEADER: readonly Field[] = [
  field("syslog.header.pri", "code", "Priority: eight times the facility plus the severity.", {
    ecs: "log.syslog.priority",
  }),
  field("syslog.header.facility", "code", "Number of the facility.", { ecs: "log.syslog.facility.code" }),
  field("syslog.header.severity", "code", "Number of the severity, 0 being the worst.", {
    ecs: "log.syslog.severity.code",
  }),
  field("syslog.header.timestamp", "text", "Time as the sender wrote it.", {
    ocsf: "metadata.original_time",
  }),
  field("syslog.header.hostName", "host", "Host that sent the message.", { ecs: "log.syslog.hostname" }),
  field("syslog.message", "text", "The message itself.", { ecs: "message", ocsf: "message" }),
];

/** Who wrote the message: a field of RFC 5424, a habit in RFC 3164. */
export const SYSLOG_PROGRAM: readonly Field[] = [
  field("syslog.header.appName", "text", "Program that sent the message.", { ecs: "log.syslog.appname" }),
  field("syslog.header.procId", "text", "Its process.", { ecs: "log.syslog.procid" }),
];

/** What only RFC 5424 has. */
export const SYSLOG_5424: readonly Field[] = [
  field("syslog.header.version", "text", "Version of the protocol.", { ecs: "log.syslog.version" }),
  field("syslog.header.msgId", "text", "Kind of the message.", { ecs: "log.syslog.msgid" }),
  {
    name: "syslog.structuredData.*",
    about: "A parameter of the structured data, behind the name of its element.",
  },
];
