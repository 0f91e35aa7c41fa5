import type { Refusal } from "../source.ts";
import { deliverStream, type StreamOptions } from "../stream.ts";

/** What a client is told: see the call `ingestRecords`. */
export type Accepted = { readonly accepted: number; readonly bytes: number; readonly refused: number };

/** A request as far as the intake is concerned: Node's `IncomingMessage` is one. */
export type IngestRequest = AsyncIterable<Uint8Array> & {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
};

/**
 * Takes the body of a request as lines, gzip by its `Content-Encoding` or by its first bytes, and answers once they
 * are durable. The client is read only as fast as they become so. Throws what `deliverStream` throws; the records
 * counted in the details of INPUT_UNREADABLE have been accepted nevertheless.
 */
export async function acceptRequest(
  request: IngestRequest,
  options: Pick<StreamOptions, "sensor" | "deliver" | "clock" | "signal" | "maxRecordBytes"> & {
    readonly refuse?: (refusal: Refusal) => void;
  },
): Promise<Accepted> {
  const encoding = String(request.headers["content-encoding"] ?? "");
  const gzip = /\bgzip\b/i.test(encoding) ? true : undefined;
  const { records, bytes, refused } = await deliverStream(request, { ...options, gzip, name: "request" });
  return { accepted: records, bytes, refused };
}
