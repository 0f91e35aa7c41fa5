/**
 * Fields that searches, the page and the platform itself rely on. They have a column of their own whatever came before
 * them: it is the others that the limit of columns is for.
 */
export const STANDING: ReadonlySet<string> = new Set([
  "guid",
  "timestamp",
  "source.type",
  "original_string",
  "is_alert",
  "threat.triage.score",
  "threat.triage.rules.0.name",
  "threat.triage.rules.0.reason",
  "ip_src_addr",
  "ip_src_port",
  "ip_dst_addr",
  "ip_dst_port",
  "protocol",
  "error_type",
  "error_fields",
  "error_hash",
  "failed_sensor_type",
  "failed_topic",
  "failed_partition",
  "failed_offset",
  "hostname",
  "message",
  "raw_message",
  "raw_message_bytes",
  "raw_message_form",
  "raw_message_heading",
  "raw_message_length",
]);
