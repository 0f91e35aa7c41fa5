import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Listener } from "./peers.ts";

/** Asked of the kernel, which may give less: room for bursts while this thread does something else. */
const RECEIVE_BYTES = 16 * 1024 * 1024;

/**
 * Listens for datagrams, each of which is a record. Nobody can make their senders wait: when storage does not keep
 * up, those that find no room are dropped and counted, as the kernel does when its own buffer is full.
 */
export async function listenDatagrams(
  host: string,
  port: number,
  listener: Listener,
  fail: (error: unknown) => void,
): Promise<Socket> {
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4" });
  socket.on("message", (message, { address, port: from }) => {
    if (listener.builder.isFull) {
      listener.counts.dropped++;
      return;
    }
    if (message.length > listener.maxRecordBytes) {
      const reason = `a datagram of ${message.length} bytes, more than the ${listener.maxRecordBytes} allowed`;
      listener.refuse(`${address}:${from}`, reason, message.length, message);
      return;
    }
    listener.builder.record(message, 0, textEnd(message));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, () => {
      socket.off("error", reject);
      resolve();
    });
  });
  socket.on("error", fail);
  try {
    socket.setRecvBufferSize(RECEIVE_BYTES);
  } catch (error) {
    // Some systems refuse more than their limit instead of giving it; their default is then used.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
  return socket;
}

/** Where the text of a datagram ends: C programs and several libraries send the NUL that ends their strings with it. */
function textEnd(message: Uint8Array): number {
  let end = message.length;
  while (end > 0 && message[end - 1] === 0) end--;
  return end;
}
