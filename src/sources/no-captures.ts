import { Fault } from "../core/fault.ts";
import { packingOf, RECOGNISE_BYTES, recognise } from "../pcap/formats/recognise.ts";

/** This many bytes of an unpacked beginning tell whether a capture begins there. */
const HEAD_BYTES = 16;
const LINE_FEED = 0x0a;

/**
 * Hands a stream of records on, unless its first bytes are those of a capture of packets, or packed once more. These would be cut into
 * thousands of lines, each of which is then rejected. A first line is never held back: a capture has no line feed in its first bytes, but for
 * pcapng, which begins with one.
 * @throws Fault MEDIA_UNSUPPORTED
 */
export async function* refusingCaptures(
  input: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void> {
  let first: Uint8Array[] | undefined = [];
  let length = 0;
  for await (const chunk of input) {
    if (first === undefined) {
      yield chunk;
      continue;
    }
    first.push(chunk);
    length += chunk.length;
    if (length < wantedOf(first)) continue;
    refuseCapture(Buffer.concat(first), name);
    yield* first;
    first = undefined;
  }
  if (first === undefined) return;
  refuseCapture(Buffer.concat(first), name);
  yield* first;
}

/** How many bytes tell what begins here. */
function wantedOf(first: readonly Uint8Array[]): number {
  const head = Buffer.concat(first.slice(0, HEAD_BYTES), HEAD_BYTES);
  if (packingOf(head) !== undefined) return RECOGNISE_BYTES;
  return head.indexOf(LINE_FEED) > 0 ? 0 : HEAD_BYTES;
}

function refuseCapture(head: Uint8Array, name: string): void {
  const found = recognise(head);
  if (found.kind === "capture") {
    const { format, packing } = found;
    const what = packing === undefined ? format : `${format}, ${packing}`;
    throw new Fault(
      "MEDIA_UNSUPPORTED",
      `reading ${name}: it is a capture of packets (${what}), and no records`,
      {
        advice:
          "Take it with `metron capture FILE`, or send it to `POST /api/v1/captures` as it is: `curl --data-binary @FILE`. A sensor that is to take such files has the source `captures`.",
      },
    );
  }
  if (found.kind === "foreign")
    throw new Fault("MEDIA_UNSUPPORTED", `reading ${name}: ${found.advice}`, {
      advice: "Convert it as the message says, and send it again.",
    });
  const packing = packingOf(head);
  if (packing === undefined) return;
  throw new Fault(
    "MEDIA_UNSUPPORTED",
    `reading ${name}: it is packed with ${packing}, once more or instead of gzip`,
    {
      advice: "Unpack it, or pack it once with gzip.",
    },
  );
}
