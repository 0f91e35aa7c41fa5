import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

type File = { readonly name: string; readonly type: string };

/** Sends bytes as a file to be saved. Its name may be what somebody hostile says. */
export function sendFile(
  reply: FastifyReply,
  { name, type, bytes }: File & { readonly bytes: Uint8Array },
): void {
  reply.type(type).header("content-disposition", disposition(name));
  reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Sends a file as it is made, with its SHA-256 in a trailer (RFC 9110, 6.5). */
export function sendMade(
  reply: FastifyReply,
  {
    name,
    type,
    chunks,
    sha256,
  }: File & { readonly chunks: AsyncGenerator<Uint8Array>; readonly sha256: () => string },
): void {
  reply.type(type).header("content-disposition", disposition(name));
  reply.trailer("x-sha256", async () => sha256());
  reply.send(Readable.from(chunks, { objectMode: false }));
}

/** RFC 6266: the name in characters that need no quotes, and as it is. */
function disposition(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, "_");
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, escaped)}`;
}

const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
