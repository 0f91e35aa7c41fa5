import { Readable } from "node:stream";
import { Fault } from "../core/fault.ts";
import { FORMAT_BYTES, RECOGNISE_BYTES, recognise } from "../pcap/formats/recognise.ts";

/** With fewer bytes nothing is surely something else than a capture. */
const FEWEST_BYTES = FORMAT_BYTES + 4;

/**
 * Looks at the first bytes of an input: whether it is a capture of packets. What it answers as `stream` is the whole input. It waits for no
 * more bytes than it needs.
 * @throws Fault CAPTURE_UNREADABLE for a capture of a format that is not read, and INPUT_UNREADABLE when the input cannot be read
 */
export async function peek(
  input: Readable,
  name: string,
): Promise<{ readonly isCapture: boolean; readonly isEmpty: boolean; readonly stream: Readable }> {
  const iterator: AsyncIterator<Buffer> = input[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let isOver = false;
  try {
    for (;;) {
      const next = await iterator.next();
      isOver = next.done === true;
      if (next.done !== true) head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
      const { kind } = recognise(head);
      const isPlain = kind === "other" && head.length >= FEWEST_BYTES;
      const isKnown = kind === "capture" || kind === "foreign" || isPlain;
      if (isOver || isKnown || head.length >= RECOGNISE_BYTES) break;
    }
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${name}: ${(cause as Error).message}`, { cause });
  }
  const found = recognise(head);
  if (found.kind === "foreign") {
    input.destroy();
    throw new Fault("CAPTURE_UNREADABLE", `reading ${name}: ${found.advice}`);
  }
  const first = head;
  async function* whole() {
    if (first.length > 0) yield first;
    if (!isOver) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return {
    isCapture: found.kind === "capture",
    isEmpty: first.length === 0,
    stream: Readable.from(whole(), { objectMode: false }),
  };
}
