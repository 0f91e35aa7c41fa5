/** Conversations of our own, one for each protocol that is text or small, for tests where no captures of others are there. */

import { ethernet, type Frame, ip, udp } from "../../testing/frames.ts";
import { bytesOfText, type Talk, talk } from "../../testing/talk.ts";

export type Session = { readonly name: string; readonly frames: readonly Frame[] };

const START = 1_700_000_000_000_000;
const client = "10.0.0.1";
const server = "10.0.0.2";

/** Plays lines in turn: `>` is the client's, `<` the server's. */
function lines(played: Talk, ...said: readonly string[]): readonly Frame[] {
  played.open();
  for (const line of said) played.say(line.startsWith(">") ? 0 : 1, `${line.slice(2)}\r\n`);
  return played.close().frames;
}

/** A datagram in hexadecimal digits, with spaces. */
function datagram(
  from: string,
  fromPort: number,
  to: string,
  toPort: number,
  digits: string,
  micros = START,
): Frame {
  const payload = Buffer.from(digits.replace(/\s/g, ""), "hex");
  return { bytes: ethernet(ip({ from, to, protocol: 17, payload: udp(fromPort, toPort, payload) })), micros };
}

const QUESTION = "0377777707 6578616d706c65 03636f6d 00 0001 0001";

/** A message of DHCP: the kind, the address that is given, options. */
function dhcp(kind: string, yours: string, options: string): string {
  const zeros = (count: number) => "00".repeat(count);
  return `${kind} 01 06 00 0badcafe 0000 0000 ${zeros(4)} ${yours} ${zeros(8)} 020000000001 ${zeros(202)} 63825363 ${options} ff`;
}

/** Lists of algorithms as KEXINIT has them. */
function kexinit(...lists: readonly string[]): Uint8Array {
  const named = lists.map((list) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(list.length);
    return Buffer.concat([length, bytesOfText(list)]);
  });
  const body = Buffer.concat([Buffer.from([4, 20]), Buffer.alloc(16), ...named, Buffer.alloc(5 + 4)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const ALGORITHMS = [
  "curve25519-sha256,ecdh-sha2-nistp256",
  "ssh-ed25519",
  "aes256-ctr,aes128-ctr",
  "aes256-ctr",
];
const NEWKEYS = Uint8Array.from([0, 0, 0, 12, 10, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

export const SESSIONS: readonly Session[] = [
  {
    name: "http",
    frames: lines(
      talk(),
      "> POST /form?a=1 HTTP/1.1\r\nHost: www.example.com:8080\r\nUser-Agent: curl/8.0\r\nReferer: http://a.example/\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\nX-Forwarded-For: 192.0.2.7\r\nContent-Length: 8\r\n\r\na=1&b=",
      '< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n5\r\n%PDF-\r\n0\r\n',
      "> GET /second HTTP/1.1\r\nHost: www.example.com\r\n",
      "< HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n",
    ),
  },
  {
    name: "smtp",
    frames: lines(
      talk({ ports: [40_000, 25] }),
      "< 220 mx.example.com ESMTP",
      "> EHLO client.example.org",
      "< 250-mx.example.com\r\n250 SIZE",
      "> MAIL FROM:<a@example.org> SIZE=100",
      "< 250 ok",
      "> RCPT TO:<b@example.com>",
      "< 250 ok",
      "> DATA",
      "< 354 go on",
      "> From: A <a@example.org>\r\nTo: b@example.com,\r\n c@example.com\r\nSubject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nSubject: not this\r\n.",
      "< 250 queued",
      "> STARTTLS",
      "< 220 go",
    ),
  },
  {
    name: "ftp",
    frames: lines(
      talk({ ports: [40_000, 21] }),
      "< 220-Welcome\r\n220 ready",
      "> USER alice",
      "< 331 password",
      "> PASS secret",
      "< 230 in",
      "> CWD /pub",
      "< 250 ok",
      "> PASV",
      "< 227 Entering Passive Mode (10,0,0,2,200,10)",
      "> RETR plan.pdf",
      "< 150 here it comes",
      "< 226 done",
    ),
  },
  {
    name: "ssh",
    frames: talk({ ports: [40_000, 2_222] })
      .open()
      .say(1, "SSH-2.0-server_1\r\n")
      .say(0, "SSH-2.0-client_1\r\n")
      .say(0, kexinit(...ALGORITHMS, "hmac-sha2-256", "hmac-sha2-512", "none", "none", "", ""), 7)
      .say(
        1,
        kexinit(
          "ecdh-sha2-nistp256",
          ...ALGORITHMS.slice(1),
          "hmac-sha2-256",
          "hmac-sha2-256",
          "none",
          "none",
          "",
          "",
        ),
      )
      .say(0, NEWKEYS)
      .say(1, NEWKEYS)
      .close().frames,
  },
  {
    name: "dns",
    frames: [
      datagram(client, 5_000, server, 53, `1234 0100 0001 0000 0000 0000 ${QUESTION}`),
      datagram(
        server,
        53,
        client,
        5_000,
        `1234 8180 0001 0002 0000 0000 ${QUESTION} c00c 0005 0001 0000003c 0006 0361 6c74 c010 c00c 0001 0001 00000005 0004 c0000207`,
        START + 2_500,
      ),
    ],
  },
  {
    name: "dns over tcp",
    frames: talk({ ports: [40_000, 53] })
      .open()
      .say(0, Buffer.from(`0021 1234 0100 0001 0000 0000 0000 ${QUESTION}`.replace(/\s/g, ""), "hex"), 3)
      .close().frames,
  },
  {
    name: "dhcp",
    frames: [
      datagram(client, 68, server, 67, dhcp("01", "00000000", "350103 3204 0a000063 0c03 706331")),
      datagram(
        server,
        67,
        client,
        68,
        dhcp("02", "0a000063", "350105 3304 00000e10 3604 0a000002"),
        START + 1_000,
      ),
    ],
  },
  {
    name: "ntp",
    frames: [
      datagram(
        client,
        123,
        server,
        123,
        `23 02 06 ec 00000100 00000200 c0000201 ${"e904fe80 80000000".repeat(4)}`,
      ),
    ],
  },
  {
    name: "kerberos",
    frames: [
      // KRB-ERROR: KDC_ERR_C_PRINCIPAL_UNKNOWN of krbtgt/EXAMPLE.
      datagram(
        server,
        88,
        client,
        40_000,
        "7e 3b 30 39 a0 03 02 01 05 a1 03 02 01 1e a6 03 02 01 06 a9 09 1b 07 4558414d504c45 aa 1d 30 1b a0 03 02 01 02 a1 14 30 12 1b 06 6b7262746774 1b 08 4558414d504c4532",
      ),
    ],
  },
];
