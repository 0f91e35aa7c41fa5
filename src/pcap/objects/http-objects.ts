import { codingsOf, decode, upTo } from "../content/decode.ts";
import { readHttp } from "../http/http.ts";
import { type HttpMessage, headerOf } from "../http/message.ts";
import type { Conversation } from "../reassembly/conversation.ts";
import { viewSide } from "../reassembly/view.ts";
import { fileNameOf, nameOfUrl } from "./disposition.ts";
import { boundaryOf, formFiles } from "./form.ts";
import {
  type CarvedObject,
  carve,
  gather,
  type ObjectLimits,
  type ObjectSource,
  objectLimits,
} from "./object.ts";

/** The bodies of requests and responses of HTTP/1, with their codings taken off, each followed by the files of a form. */
export async function objectsOfHttp(
  conversation: Conversation,
  limits: Partial<ObjectLimits> = {},
): Promise<CarvedObject[]> {
  const { objects: most, leave, bytes, memory } = objectLimits(limits);
  const views = [viewSide(conversation, 0), viewSide(conversation, 1)] as const;
  const found: CarvedObject[] = [];
  const { exchanges, total } = readHttp(conversation);
  if (total > exchanges.length) leave("exchanges", total - exchanges.length);
  for (const { request, response } of exchanges) {
    for (const message of [request, response]) {
      if (message === undefined || message.body.length === 0) continue;
      if (found.length >= most) {
        leave("files", 1);
        continue;
      }
      const { pieces, holes } = gather(views[message.side], message.body.ranges);
      const content = await uncoded(message, pieces, holes, { bytes, memory });
      const host = request && headerOf(request, "host");
      const declaredType = headerOf(message, "content-type");
      const body: ObjectSource = {
        protocol: "http",
        name:
          fileNameOf(headerOf(message, "content-disposition") ?? "") ??
          nameOfUrl(request?.target ?? "", host),
        declaredType,
        side: message.side,
        start: message.bodyStart,
        end: message.end,
        seen: message.first,
        pieces: content.pieces,
        holes: content.holes,
        ended: message.body.isComplete && content.isComplete,
        origin: request === undefined ? "" : `${request.method} ${host ?? ""}${request.target}`,
        notes: [...message.notes, ...content.notes, ...partial(message)],
      };
      found.push(carve(body));
      found.push(...filesOf(body, { objects: most - found.length, leave, bytes, memory }));
    }
  }
  return found;
}

/** The files in an upload by form. Which of them lacks the bytes that the form lacks, nobody knows. */
function filesOf(form: ObjectSource, { objects: most, leave, bytes, memory }: ObjectLimits): CarvedObject[] {
  const boundary = boundaryOf(form.declaredType);
  const size = form.pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (boundary === undefined || size > Math.min(bytes, memory.left)) return [];
  memory.left -= size;
  const lacks = form.holes.length > 0;
  const { files, more } = formFiles(Buffer.concat(form.pieces), boundary, most);
  if (more > 0) leave("files", more);
  return files.map(({ name, type, bytes, isComplete }) =>
    carve({
      ...form,
      name,
      declaredType: type,
      pieces: [bytes],
      holes: [],
      ended: isComplete && !lacks,
      origin: `file in a form, ${form.origin}`,
      notes: lacks ? ["bytes of the form it was in are missing, perhaps its own"] : [],
    }),
  );
}

type Room = Pick<ObjectLimits, "bytes" | "memory">;

type Holes = readonly { readonly start: number; readonly end: number }[];

/** Takes the content codings off a body; what is behind a hole cannot be decoded. */
async function uncoded(
  message: HttpMessage,
  pieces: readonly Uint8Array[],
  holes: Holes,
  { bytes, memory }: Room,
) {
  const asIs = { pieces, holes, notes: [] as string[], isComplete: true };
  const named = message.headers
    .filter(({ name }) => /^content-encoding$/i.test(name))
    .map(({ value }) => value)
    .join(",");
  // Transfer codings beside chunked, which are taken off first.
  const transfer = message.headers
    .filter(({ name }) => /^transfer-encoding$/i.test(name))
    .map(({ value }) => value);
  const coding = [named, ...transfer]
    .filter((list) => list !== "")
    .join(",")
    .replace(/,?\s*chunked\s*$/i, "");
  const codings = codingsOf(coding);
  if (codings === undefined)
    return { ...asIs, notes: [`the coding "${coding}" is not known here and stays`] };
  if (codings.length === 0) return asIs;
  if (memory.left === 0)
    return {
      ...asIs,
      notes: [`the coding "${coding}" stays: what was decoded before fills the memory for it`],
    };
  const [hole] = holes;
  const limit = { bytes: Math.min(bytes, memory.left) };
  const decoded = await decode(hole === undefined ? pieces : upTo(pieces, hole.start), codings, limit);
  memory.left -= decoded.length;
  const notes =
    hole === undefined
      ? decoded.notes
      : [...decoded.notes, `${coding}: nothing behind the first hole can be decoded`];
  return { pieces: decoded.pieces, holes: [], notes, isComplete: decoded.isComplete && hole === undefined };
}

/** A part of something larger says so. */
function partial(message: HttpMessage): string[] {
  const range = headerOf(message, "content-range");
  return message.status === 206 && range !== undefined ? [`a part of the whole: ${range}`] : [];
}
