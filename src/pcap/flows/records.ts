/** Writes records as lines of JSON in Zeek's form: the name of the log as the only key, its fields as the map. */
import type { RecordFields, RecordKind } from "../protocols/protocol.ts";

/**
 * @param micros the time of the record, microseconds since 1970
 * @param identity what `identityOf` made for its flow
 */
export function recordOf(
  kind: RecordKind,
  micros: number,
  identity: string,
  fields: RecordFields,
): Uint8Array {
  const own = JSON.stringify(fields);
  const rest = own.length > 2 ? `,${own.slice(1)}` : "}";
  return Buffer.from(`{"${kind}":{"ts":${secondsOf(micros)},${identity}${rest}}`);
}

/** The fields that name a flow, as JSON without braces. */
export function identityOf(
  uid: string,
  addresses: readonly [string, string],
  ports: readonly [number, number],
  community: string | undefined,
): string {
  const [origin, responder] = addresses;
  const joined = community === undefined ? "" : `,"community_id":"${community}"`;
  return `"uid":"${uid}","id.orig_h":"${origin}","id.orig_p":${ports[0]},"id.resp_h":"${responder}","id.resp_p":${ports[1]}${joined}`;
}

/** Microseconds as seconds with six decimals, exactly. */
function secondsOf(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  return `${seconds}.${String(micros - seconds * 1e6).padStart(6, "0")}`;
}
