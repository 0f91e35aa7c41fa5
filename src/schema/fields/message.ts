import { type Field, field } from "../field.ts";

/** Fields that the platform gives to messages, whatever their parser. */
export const MESSAGE: readonly Field[] = [
  field("timestamp", "instant", "When it happened, milliseconds since 1970.", {
    ecs: "@timestamp",
    ocsf: "time",
  }),
  field("original_string", "text", "The record as received.", { ecs: "event.original", ocsf: "raw_data" }),
  field("source.type", "text", "The sensor."),
  field("guid", "text", "Name of the message; never changes.", { ecs: "event.id", ocsf: "metadata.uid" }),
  field("is_alert", "truth", "`true` when threat intelligence, a rule or the parser says so.", {
    ocsf: "is_alert",
  }),
  field("alert_status", "text", "How far the work on an alert has come."),
  field("alert_assignee", "user", "Who looks at an alert."),
  field("alert_tags", "text", "Words that analysts have put to an alert.", { isList: true, ecs: "tags" }),
  field("adapter.*.ts", "instant", "When an enrichment began or ended, as the original notes it."),
  field("enrichmentsplitterbolt.*.ts", "instant", "When the original's enrichment took the message."),
  field("enrichmentjoinbolt.*.ts", "instant", "When the original's enrichment was done with the message."),
  field(
    "threatintelsplitterbolt.*.ts",
    "instant",
    "When the original's threat intelligence took the message.",
  ),
  field("threatinteljoinbolt.*.ts", "instant", "When the original's threat intelligence was done."),
];

/** Fields of error records, which stand for records that did not become messages. */
export const ERRORS: readonly Field[] = [
  field("failed_sensor_type", "text", "Sensor whose record this was."),
  field("error_type", "text", "Stage that refused the record."),
  field("error_fields", "text", "Fields that were found wrong, with commas between them."),
  field("error_hash", "hash", "SHA-256 of the record or of the fields that were wrong."),
  field("message", "text", "What the record says in words; of an error record, why it was refused.", {
    ecs: "message",
    ocsf: "message",
  }),
  field("exception", "text", "Name and text of the failure."),
  field("stack", "text", "Where in the program it failed.", { ecs: "error.stack_trace" }),
  field("raw_message", "text", "The record as received, or the message it had become."),
  field("raw_message_bytes", "text", "The record in base64, where it is no valid UTF-8."),
  field("raw_message_form", "text", "`message` when `raw_message` is a message that had been parsed."),
  field("raw_message_heading", "text", "Header lines by which the record of a Zeek log is read."),
  field("raw_message_length", "bytes", "Length of a record that is kept in part only."),
  field("failed_topic", "text", "Topic in which the record can be read again."),
  field("failed_partition", "code", "Partition of that topic."),
  field("failed_offset", "code", "Place of the record in its partition."),
];
