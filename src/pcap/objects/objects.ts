import { looksLikeHttp } from "../http/http.ts";
import type { Conversation } from "../reassembly/conversation.ts";
import type { Side } from "../reassembly/segment.ts";
import { objectsOfFtp } from "./ftp-objects.ts";
import { objectsOfHttp } from "./http-objects.ts";
import type { CarvedObject, ObjectLimits } from "./object.ts";
import { objectsOfSmb } from "./smb-objects.ts";
import { objectsOfSmtp } from "./smtp-objects.ts";

/**
 * Carves the files out of a conversation, whichever protocol it is: its bytes tell, not its ports.
 *
 * @param others where the data connections of FTP are looked for; the conversation itself may be among them
 */
export async function carveObjects(
  conversation: Conversation,
  others: readonly Conversation[],
  limits: Partial<ObjectLimits> = {},
): Promise<CarvedObject[]> {
  if (looksLikeHttp(conversation)) return objectsOfHttp(conversation, limits);
  const [client, server] = [beginning(conversation, 0), beginning(conversation, 1)];
  if (SMB.test(client) || SMB.test(server)) return objectsOfSmb(conversation, limits);
  if (SMTP.test(client)) return objectsOfSmtp(conversation, limits);
  if (server.startsWith("220") && FTP.test(client)) return objectsOfFtp(conversation, others, limits);
  return [];
}

const SMTP = /^(?:EHLO|HELO|LHLO|MAIL FROM:|XCLIENT)\b/i;
const FTP = /^(?:USER|AUTH|FEAT|HOST|OPTS|SYST|CLNT)\b/i;
/** A message of SMB, or the request for a session of NetBIOS in front of it. */
const SMB = /^(?:\x81\0|\0[\s\S]{3}[\xfc-\xff]SMB)/;

/** The first bytes that were captured of a side, as Latin-1. */
function beginning({ chunks }: Conversation, side: Side): string {
  const first = chunks.find((chunk) => chunk.side === side && chunk.kind === "bytes");
  return first?.kind === "bytes" ? Buffer.from(first.bytes.subarray(0, 64)).toString("latin1") : "";
}
