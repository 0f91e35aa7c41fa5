/** NTLM (MS-NLMP, 2.2.1): who logs in where, as Zeek's ntlm.log tells it. */
import type { FlowContext } from "../protocol.ts";
import { textOf, textOfUtf16 } from "../text.ts";

const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
const MESSAGE = { challenge: 2, authenticate: 3 } as const;
/** Pairs of the target's information (MS-NLMP, 2.2.2.1). */
const PAIR = { end: 0, computer: 1, dnsComputer: 3, dnsTree: 5 } as const;
const UNICODE = 1;
const MORE_PROCESSING = 0xc0000016;

type Challenge = { readonly computer?: string; readonly dnsComputer?: string; readonly dnsTree?: string };
type LogIn = {
  readonly micros: number;
  readonly user: string | undefined;
  readonly host: string | undefined;
  readonly domain: string | undefined;
};

export function openNtlm(flow: FlowContext) {
  let challenge: Challenge = {};
  let logIn: LogIn | undefined;

  const write = (success: boolean | undefined) => {
    if (logIn === undefined) return;
    const { micros, user, host, domain } = logIn;
    logIn = undefined;
    flow.speaks("ntlm");
    flow.write("ntlm", micros, {
      username: user,
      hostname: host,
      domainname: domain,
      server_nb_computer_name: challenge.computer,
      server_dns_computer_name: challenge.dnsComputer,
      server_tree_name: challenge.dnsTree,
      success,
    });
  };

  return {
    /**
     * Reads the message of a session's setup.
     *
     * @param status of an answer; undefined of a request
     */
    message(bytes: Uint8Array, start: number, end: number, status: number | undefined) {
      const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start));
      const at = part.indexOf(SIGNATURE);
      const type = at < 0 || at + 12 > part.length ? 0 : part.readUInt32LE(at + 8);
      const message = part.subarray(Math.max(0, at));
      if (type === MESSAGE.challenge) challenge = readChallenge(message);
      else if (type === MESSAGE.authenticate) logIn = readLogIn(message, flow.now());
      if (status !== undefined && status !== MORE_PROCESSING) write(status === 0);
    },
    end: () => write(undefined),
  };
}

function readChallenge(message: Buffer): Challenge {
  if (message.length < 48) return {};
  const length = message.readUInt16LE(40);
  const from = message.readUInt32LE(44);
  const end = Math.min(from + length, message.length);
  const found = new Map<number, string>();
  for (let at = from; at + 4 <= end; ) {
    const kind = message.readUInt16LE(at);
    const size = message.readUInt16LE(at + 2);
    if (kind === PAIR.end) break;
    found.set(kind, textOfUtf16(message, at + 4, Math.min(end, at + 4 + size)));
    at += 4 + size;
  }
  const read = (kind: number) => found.get(kind);
  const [computer, dnsComputer, dnsTree] = [read(PAIR.computer), read(PAIR.dnsComputer), read(PAIR.dnsTree)];
  return {
    ...(computer !== undefined && { computer }),
    ...(dnsComputer !== undefined && { dnsComputer }),
    ...(dnsTree !== undefined && { dnsTree }),
  };
}

function readLogIn(message: Buffer, micros: number): LogIn | undefined {
  if (message.length < 52) return undefined;
  const isUnicode = message.length < 64 || (message.readUInt32LE(60) & UNICODE) !== 0;
  const field = (at: number): string | undefined => {
    const from = message.readUInt32LE(at + 4);
    const end = Math.min(from + message.readUInt16LE(at), message.length);
    if (from >= end) return undefined;
    return isUnicode ? textOfUtf16(message, from, end) : textOf(message, from, end);
  };
  return { micros, domain: field(28), user: field(36), host: field(44) };
}
