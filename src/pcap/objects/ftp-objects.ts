import type { Conversation } from "../reassembly/conversation.ts";
import { otherSide, type Side } from "../reassembly/segment.ts";
import { viewSide } from "../reassembly/view.ts";
import { type FtpTransfer, readFtp } from "./ftp.ts";
import { type CarvedObject, carve, gather, type ObjectLimits, objectLimits } from "./object.ts";

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
  const { objects: most, leave } = objectLimits(limits);
  const found: CarvedObject[] = [];
  const taken = new Set<Conversation>();
  const waiting = connectionsOf(others, control);
  const { transfers, more } = readFtp(control);
  if (more > 0) leave("files", more);
  for (const transfer of transfers) {
    const connections = waiting.get(transfer.listener.port) ?? [];
    // Transfers come in the order of time, so what began before this one is for none that follows.
    let data = connections.pop();
    while (data !== undefined && (taken.has(data) || beginOf(data) < transfer.seen.micros))
      data = connections.pop();
    if (data === undefined) continue;
    taken.add(data);
    if (found.length < most) found.push(objectOf(transfer, data));
    else leave("files", 1);
  }
  return found;
}

/**
 * The conversations that may be data connections, by the port of their listener, the latest first. One of the two hosts must be at their
 * other end: behind address translation the server tells another address than the one that is connected to.
 */
function connectionsOf(others: readonly Conversation[], control: Conversation): Map<number, Conversation[]> {
  const hosts = control.endpoints.map(({ address }) => address);
  const byPort = new Map<number, Conversation[]>();
  for (const other of others) {
    if (other === control || other.chunks.length === 0) continue;
    for (const side of [0, 1] as const) {
      if (!hosts.includes(other.endpoints[otherSide(side)].address)) continue;
      const { port } = other.endpoints[side];
      const known = byPort.get(port);
      if (known === undefined) byPort.set(port, [other]);
      else known.push(other);
    }
  }
  for (const connections of byPort.values())
    connections.sort((one, another) => beginOf(another) - beginOf(one));
  return byPort;
}

const beginOf = ({ chunks }: Conversation): number => chunks[0]?.micros ?? Number.NEGATIVE_INFINITY;

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
