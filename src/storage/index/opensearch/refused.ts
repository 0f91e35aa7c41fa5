import { hash } from "node:crypto";
import { hostname } from "node:os";
import type { Message } from "../../../core/message.ts";

/** The sensor under which error records are stored. */
export const ERROR_SENSOR = "error";

/** A message that OpenSearch refused, and why. */
export type Refused = {
  readonly sensor: string;
  readonly guid: string;
  /** The message as JSON. */
  readonly message: string;
  readonly reason: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
};

/**
 * The error record of a message that OpenSearch refused, in the original's schema. Its guid follows from the message's, so
 * that it is stored once however often the message is read again.
 * @param at when it was refused, epoch milliseconds: that of the message's arrival, so that it comes to the same index
 */
export function errorOf({ sensor, guid, message, reason, ...place }: Refused, at: number): Message {
  return {
    guid: guidOf(`${sensor}/${guid}`),
    timestamp: at,
    "source.type": ERROR_SENSOR,
    error_type: "indexing_error",
    message: `OpenSearch refused the message: ${reason}`,
    failed_sensor_type: sensor,
    failed_topic: place.topic,
    failed_partition: place.partition,
    failed_offset: place.offset,
    hostname: hostname(),
    raw_message: message,
    raw_message_form: "message",
    error_hash: hash("sha256", message),
  };
}

/** A guid of a name (RFC 9562, version 8). */
function guidOf(name: string): string {
  const digits = hash("sha256", name);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
