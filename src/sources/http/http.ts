import { deliverStream, type StreamOptions } from "../stream.ts";
import { type Layout, LayoutFramer } from "./layout.ts";
import { readMedia } from "./media-type.ts";

/** What a client is told: see the call `ingestRecords`. */
export type Accepted = {
  readonly accepted: number;
  readonly bytes: number;
  readonly refused: number;
  readonly note?: string;
};

export type BodyOptions = Pick<
  StreamOptions,
  "sensor" | "deliver" | "clock" | "signal" | "maxRecordBytes" | "refuse" | "name" | "skip" | "onProgress"
> &
  Omit<Layout, "isJson"> & {
    readonly contentType?: string | undefined;
    readonly contentEncoding?: string | undefined;
  };

/**
 * Takes a body as the records its sender means (lines, JSON however it is laid out), gzip by its header or by its first
 * bytes, and answers once they are durable. It is read only as fast as they become so. Throws what `deliverStream` throws
 * and Fault MEDIA_UNSUPPORTED; the records counted in the details of a fault have been accepted nevertheless.
 */
export async function acceptBody(body: AsyncIterable<Uint8Array>, options: BodyOptions): Promise<Accepted> {
  const { contentType, contentEncoding, readsJson, readsLists, ...rest } = options;
  const { isJson, gzip } = readMedia(contentType, contentEncoding);
  const { records, bytes, refused, left } = await deliverStream(body, {
    ...rest,
    gzip,
    framer: (framing) => new LayoutFramer(framing, { isJson, readsJson, readsLists }),
  });
  const none = rest.skip === undefined ? "no records" : `no records after the first ${rest.skip - left}`;
  const note = records + refused === 0 ? { note: `The body holds ${none}.` } : {};
  return { accepted: records, bytes, refused, ...note };
}
