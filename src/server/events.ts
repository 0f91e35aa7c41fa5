import type { FastifyReply } from "fastify";

const HEARTBEAT = 15_000;
/** Bytes that may wait for a client that does not read. */
const WAITING = 65_536;

/**
 * Answers a request by Server-Sent Events until the signal aborts. What is returned sends one, or leaves it out while the client does not
 * read; it answers whether it was sent. A comment line now and then keeps the connection.
 */
export function openEvents<Data>(
  reply: FastifyReply,
  event: string,
  signal: AbortSignal,
): (data: Data) => boolean {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  // A client learns at once that it will be told, and not with the first event.
  raw.flushHeaders();
  const beats = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT);
  const end = () => {
    clearInterval(beats);
    raw.end();
  };
  signal.addEventListener("abort", end, { once: true });
  return (data) => {
    if (signal.aborted || raw.writableLength >= WAITING) return false;
    raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    return true;
  };
}
