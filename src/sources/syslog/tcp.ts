import type { Socket } from "node:net";
import type { Framer } from "../line-framer.ts";
import { detectFraming, OctetFramer } from "./octet-framer.ts";
import type { Listener } from "./peers.ts";
import { separatorsAt } from "./separators.ts";
import { TextFramer } from "./text-framer.ts";

/** What unfinished records of all peers together may take; past it the peer that needs more is cut off. */
const PENDING_BYTES = 256 * 1024 * 1024;

/** The connections of one listener. */
export class Connections {
  readonly #listener: Listener;
  /** The connections, and what ends the intake of each. */
  readonly #sockets = new Map<Socket, () => void>();
  readonly #maxPeers: number;
  #pending = 0;

  constructor(listener: Listener, maxPeers: number) {
    this.#listener = listener;
    this.#maxPeers = maxPeers;
  }

  /** Takes a connection's records until it ends. */
  accept(socket: Socket): void {
    const { listener, peer } = {
      listener: this.#listener,
      peer: `${socket.remoteAddress}:${socket.remotePort}`,
    };
    if (this.#sockets.size >= this.#maxPeers) {
      listener.refuse(peer, `more than ${this.#maxPeers} connections`, 0, new Uint8Array(0));
      socket.destroy();
      return;
    }
    listener.counts.peers++;
    let framer: Framer | undefined;
    let start: Buffer | undefined;
    let isOver = false;

    const begin = (chunk: Buffer, isEnd: boolean): void => {
      start = start === undefined ? chunk : Buffer.concat([start, chunk]);
      const framing = detectFraming(start);
      if (framing === "undecided" && !isEnd) return;
      const options = {
        builder: listener.builder,
        maxRecordBytes: listener.maxRecordBytes,
        refuse: (reason: string, length: number, head: Uint8Array) =>
          listener.refuse(peer, reason, length, head),
      };
      framer = framing === "octets" ? new OctetFramer(options) : new TextFramer(options);
      framer.push(start.subarray(separatorsAt(start, 0)));
    };

    const over = (): void => {
      if (isOver) return;
      isOver = true;
      this.#sockets.delete(socket);
      listener.counts.peers--;
      if (framer === undefined && start !== undefined) begin(Buffer.alloc(0), true);
      this.#pending -= framer?.pending ?? 0;
      framer?.end();
    };

    this.#sockets.set(socket, over);
    socket.on("data", (chunk: Buffer) => {
      if (isOver) return;
      const before = framer?.pending ?? 0;
      if (framer === undefined) begin(chunk, false);
      else framer.push(chunk);
      this.#pending += (framer?.pending ?? 0) - before;
      if (this.#pending > PENDING_BYTES) {
        const length = framer?.pending ?? 0;
        listener.refuse(
          peer,
          "unfinished records of all connections together take too much memory",
          length,
          chunk,
        );
        this.#pending -= length;
        framer = undefined;
        start = undefined;
        socket.destroy();
        return;
      }
      const pressure = listener.builder.pressure;
      if (pressure === undefined) return;
      // The window closes, and the peer waits.
      socket.pause();
      pressure.then(
        () => socket.resume(),
        // The source reports the failure. The peer learns of it by losing its connection.
        () => socket.destroy(),
      );
    });
    socket.on("end", over);
    socket.on("close", over);
    // A broken connection is followed by "close"; what came before it counts.
    socket.on("error", () => undefined);
  }

  /** Ends every connection; what arrived is kept. */
  close(): void {
    for (const [socket, over] of this.#sockets) {
      over();
      socket.destroy();
    }
  }
}
