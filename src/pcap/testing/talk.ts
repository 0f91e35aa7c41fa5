/** Plays a TCP connection between two hosts whose every byte is known, as the frames that a capture would have of it. */
import { otherSide, type Side, TCP } from "../reassembly/segment.ts";
import { ethernet, type Frame, ip, type TcpFields, tcp } from "./frames.ts";

export type TalkOptions = {
  readonly hosts?: readonly [string, string];
  readonly ports?: readonly [number, number];
  /** The numbers of both SYNs. */
  readonly numbers?: readonly [number, number];
  readonly startMicros?: number;
};

export type Talk = {
  readonly frames: Frame[];
  /** All that each side said. */
  readonly said: [Uint8Array[], Uint8Array[]];
  open(): Talk;
  /** Says something in segments of `size` bytes at most; the other side acknowledges when it speaks or is told to. */
  say(side: Side, text: string | Uint8Array, size?: number): Talk;
  acknowledge(side: Side): Talk;
  close(): Talk;
  /** Any segment of a side; numbers not given are the next ones, positions count the bytes of the stream. */
  raw(side: Side, fields: Partial<TcpFields> & { readonly position?: number }): Talk;
  /** Forgets the frame made last, as a capture that lost it. */
  lose(): Talk;
};

export const bytesOfText = (text: string): Uint8Array => new TextEncoder().encode(text);

export function talk(options: TalkOptions = {}): Talk {
  const { hosts = ["10.0.0.1", "10.0.0.2"], ports = [40_000, 80], numbers = [1_000, 5_000] } = options;
  let micros = options.startMicros ?? 1_700_000_000_000_000;
  /** The position of the next byte of each side. */
  const next: [number, number] = [0, 0];
  const number = (side: Side, position: number) => (numbers[side] + 1 + position) % 2 ** 32;

  const made: Talk = {
    frames: [],
    said: [[], []],
    open() {
      made.raw(0, { flags: TCP.syn, position: -1, acknowledgement: 0 });
      made.raw(1, { flags: TCP.syn | TCP.ack, position: -1 });
      return made.acknowledge(0);
    },
    say(side, text, size = 1_460) {
      const bytes = typeof text === "string" ? bytesOfText(text) : text;
      made.said[side].push(bytes);
      for (let at = 0; at < bytes.length; at += size) {
        const payload = bytes.subarray(at, at + size);
        made.raw(side, { flags: TCP.ack | TCP.push, payload });
        next[side] += payload.length;
      }
      return made;
    },
    acknowledge: (side) => made.raw(side, { flags: TCP.ack }),
    close() {
      made.raw(0, { flags: TCP.fin | TCP.ack });
      next[0]++;
      made.raw(1, { flags: TCP.fin | TCP.ack });
      next[1]++;
      return made.acknowledge(0);
    },
    raw(side, { position = next[side], ...fields }) {
      const other = otherSide(side);
      const segment = tcp({
        fromPort: ports[side],
        toPort: ports[other],
        sequence: number(side, position),
        acknowledgement: number(other, next[other]),
        flags: TCP.ack,
        ...fields,
      });
      const packet = ip({ from: hosts[side], to: hosts[other], protocol: 6, payload: segment });
      made.frames.push({ bytes: ethernet(packet), micros });
      micros += 1_000;
      return made;
    },
    lose() {
      made.frames.pop();
      return made;
    },
  };
  return made;
}
