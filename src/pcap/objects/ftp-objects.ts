import type { Conversation } from "../reassembly/conversation.ts";
import { otherSide, type Side } from "../reassembly/segment.ts";
import { viewSide } from "../reassembly/view.ts";
import { type FtpTransfer, readFtp } from "./ftp.ts";
import { type CarvedObject, carve, gather, OBJECT_LIMITS, type ObjectLimits } from "./object.ts";

/**
 * The files that an FTP conversation moved.
 *
 * @param control the control conversation
 * @param others all conversations that its data connections may be among
 */
export function objectsOfFtp(
  control: Conversation,
  others: readonly Conversation[],
  limits: Partial<ObjectLimits> = {},
): CarvedObject[] {
  const { objects: most } = { ...OBJECT_LIMITS, ...limits };
  const found: CarvedObject[] = [];
  const taken = new Set<Conversation>();
  for (const transfer of readFtp(control)) {
    if (found.length >= most) break;
    const data = others.find((each) => !taken.has(each) && isFor(each, transfer, control));
    if (data === undefined) continue;
    taken.add(data);
    found.push(objectOf(transfer, data));
  }
  return found;
}

/** Tells whether a conversation is the data connection of a transfer: its port, the two hosts, and not before it was asked for. */
function isFor(data: Conversation, transfer: FtpTransfer, control: Conversation): boolean {
  const listener = listenerOf(data, transfer);
  const begins = data.chunks[0]?.micros;
  if (listener === undefined || begins === undefined || begins < transfer.seen.micros) return false;
  const hosts = control.endpoints.map(({ address }) => address);
  // Behind address translation the server tells another address than the one that is connected to.
  return hosts.includes(data.endpoints[otherSide(listener)].address);
}

function listenerOf({ endpoints }: Conversation, { listener }: FtpTransfer): Side | undefined {
  if (endpoints[1].port === listener.port) return 1;
  return endpoints[0].port === listener.port ? 0 : undefined;
}

function objectOf(transfer: FtpTransfer, data: Conversation): CarvedObject {
  const listener = listenerOf(data, transfer) ?? 1;
  const server = transfer.isPassive ? listener : otherSide(listener);
  const side: Side = transfer.isUpload ? otherSide(server) : server;
  const view = viewSide(data, side);
  const { pieces, holes, length } = gather(view, [{ start: 0, end: view.length }]);
  const isShort = transfer.size !== undefined && length < transfer.size - transfer.offset;
  const notes: string[] = [];
  if (transfer.offset > 0) notes.push(`it begins at byte ${transfer.offset} of the file`);
  if (isShort) notes.push(`the server tells of ${transfer.size} bytes`);
  const isFile = transfer.command !== "LIST" && transfer.command !== "NLST" && transfer.command !== "MLSD";
  return carve({
    protocol: "ftp",
    name: isFile ? transfer.name : `${transfer.command.toLowerCase()}.txt`,
    declaredType: undefined,
    side,
    start: 0,
    end: view.length,
    seen: data.chunks[0] ?? transfer.seen,
    pieces,
    holes,
    ended: data.totals[side].ends && !isShort,
    origin:
      `${transfer.command} ${transfer.name}`.trim() + (transfer.user === "" ? "" : ` by ${transfer.user}`),
    notes,
  });
}
