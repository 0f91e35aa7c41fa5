import { expect, test } from "vitest";
import { SESSIONS } from "../flows/testing/sessions.ts";
import { blockOf } from "../testing/frames.ts";
import { type ReadRecord, recordsOf } from "../testing/records.ts";

/** The records of a conversation, without what names the flow, and without the connection itself. */
function read(name: string): readonly (readonly [kind: string, fields: Record<string, unknown>])[] {
  const { frames = [] } = SESSIONS.find((session) => session.name === name) ?? {};
  return recordsOf([blockOf(frames)])
    .filter(({ kind }) => kind !== "conn")
    .map(({ kind, fields }) => [kind, own(fields)]);
}

function own(fields: ReadRecord["fields"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([field]) => !/^(?:ts|uid|conn_uids|id\.|community_id$|fuid|\w+_fuids)/.test(field),
    ),
  );
}

test("HTTP: requests with their answers, and the files they carry", () => {
  const FILE = { source: "HTTP", depth: 0, missing_bytes: 0, tx_hosts: ["10.0.0.1"], rx_hosts: ["10.0.0.2"] };
  expect(read("http")).toEqual([
    [
      "files",
      {
        ...FILE,
        mime_type: "text/plain",
        duration: 0,
        is_orig: true,
        seen_bytes: 8,
        total_bytes: 8,
        // As `printf 'a=1&b=\r\n' | sha256sum` has it.
        sha256: "9af88ea3f8305c96a50c73905da8560b24564b0ae21af57bde36126b376c7812",
      },
    ],
    [
      "files",
      {
        ...FILE,
        tx_hosts: ["10.0.0.2"],
        rx_hosts: ["10.0.0.1"],
        mime_type: "application/pdf",
        filename: "a.pdf",
        duration: 0,
        is_orig: false,
        seen_bytes: 5,
        sha256: "38523c087796e5d5dd1cf9bad1fb026781a838dd9dd2cf8af58b9f6502a46778",
      },
    ],
    [
      "http",
      {
        trans_depth: 1,
        method: "POST",
        host: "www.example.com",
        uri: "/form?a=1",
        referrer: "http://a.example/",
        version: "1.1",
        user_agent: "curl/8.0",
        request_body_len: 8,
        response_body_len: 5,
        status_code: 200,
        status_msg: "OK",
        username: "user",
        proxied: ["X-FORWARDED-FOR -> 192.0.2.7"],
        orig_mime_types: ["text/plain"],
        resp_filenames: ["a.pdf"],
        resp_mime_types: ["application/pdf"],
      },
    ],
    [
      "http",
      {
        trans_depth: 2,
        method: "GET",
        host: "www.example.com",
        uri: "/second",
        version: "1.1",
        request_body_len: 0,
        response_body_len: 0,
        status_code: 404,
        status_msg: "Not Found",
      },
    ],
  ]);
});

test("SMTP: a mail with its envelope and headers, and the session that goes on in TLS", () => {
  expect(read("smtp")).toEqual([
    [
      "files",
      {
        ...{ source: "SMTP", depth: 0, missing_bytes: 0, tx_hosts: ["10.0.0.1"], rx_hosts: ["10.0.0.2"] },
        ...{ mime_type: "text/plain", duration: 0, is_orig: true, seen_bytes: 17 },
        // As `printf 'Subject: not this' | sha256sum` has it.
        sha256: "ebbd606ed5fbb67918816751c5110147e9c81e5d63beb6ab5189627a278b6be5",
      },
    ],
    [
      "smtp",
      {
        trans_depth: 1,
        helo: "client.example.org",
        mailfrom: "a@example.org",
        rcptto: ["b@example.com"],
        from: "A <a@example.org>",
        to: ["b@example.com", "c@example.com"],
        msg_id: "<1@example.org>",
        subject: "hello",
        last_reply: "250 queued",
        tls: false,
      },
    ],
    ["smtp", { trans_depth: 2, helo: "client.example.org", last_reply: "220 go", tls: true }],
  ]);
});

test("FTP: commands that concern files, with their answers", () => {
  expect(read("ftp")).toEqual([
    [
      "ftp",
      {
        user: "alice",
        command: "PASV",
        reply_code: 227,
        reply_msg: "Entering Passive Mode (10,0,0,2,200,10)",
        "data_channel.passive": true,
        "data_channel.orig_h": "10.0.0.1",
        "data_channel.resp_h": "10.0.0.2",
        "data_channel.resp_p": 51_210,
      },
    ],
    [
      "ftp",
      {
        user: "alice",
        command: "RETR",
        arg: "ftp://10.0.0.2/pub/plan.pdf",
        reply_code: 226,
        reply_msg: "done",
      },
    ],
  ]);
});

test("SSH: what both sides are, what they agree on, and HASSH of both", () => {
  expect(read("ssh")).toEqual([
    [
      "ssh",
      {
        version: 2,
        client: "SSH-2.0-client_1",
        server: "SSH-2.0-server_1",
        cipher_alg: "aes256-ctr",
        mac_alg: "hmac-sha2-256",
        compression_alg: "none",
        kex_alg: "ecdh-sha2-nistp256",
        host_key_alg: "ssh-ed25519",
        // As `printf 'curve25519-sha256,…;aes256-ctr,…;hmac-sha2-256;none' | md5sum` has it, and with the server's lists.
        hassh: "60542e251faeaa0ec772141d2efb2af9",
        hasshServer: "25218bd6523a5bf780eb893ddf94ea5e",
      },
    ],
  ]);
});

test("DNS: a question with its answers, over UDP and TCP", () => {
  const QUESTION = {
    query: "www.example.com",
    qclass: 1,
    qclass_name: "C_INTERNET",
    qtype: 1,
    qtype_name: "A",
    trans_id: 0x1234,
  };
  const FLAGS = { AA: false, TC: false, RD: true, Z: 0, rejected: false };
  expect(read("dns")).toEqual([
    [
      "dns",
      {
        ...QUESTION,
        ...FLAGS,
        proto: "udp",
        RA: true,
        rtt: 0.0025,
        rcode: 0,
        rcode_name: "NOERROR",
        answers: ["alt.example.com", "192.0.2.7"],
        TTLs: [60, 5],
      },
    ],
  ]);
  expect(read("dns over tcp")).toEqual([["dns", { ...QUESTION, ...FLAGS, proto: "tcp", RA: false }]]);
});

test("DHCP: messages that belong together are one record", () => {
  expect(read("dhcp")).toEqual([
    [
      "dhcp",
      {
        client_addr: "10.0.0.99",
        server_addr: "10.0.0.2",
        mac: "02:00:00:00:00:01",
        host_name: "pc1",
        requested_addr: "10.0.0.99",
        assigned_addr: "10.0.0.99",
        lease_time: 3_600,
        msg_types: ["REQUEST", "ACK"],
        duration: 0.001,
      },
    ],
  ]);
});

test("NTP: the times of a message", () => {
  const TIME = 0xe904fe80 - 2_208_988_800 + 0.5;
  expect(read("ntp")).toEqual([
    [
      "ntp",
      {
        version: 4,
        mode: 3,
        stratum: 2,
        poll: 64,
        precision: 2 ** -20,
        root_delay: 1 / 256,
        root_disp: 1 / 128,
        ref_id: "192.0.2.1",
        ref_time: TIME,
        org_time: TIME,
        rec_time: TIME,
        xmt_time: TIME,
      },
    ],
  ]);
});

test("Kerberos: an error is told with its name and the service", () => {
  expect(read("kerberos")).toEqual([
    [
      "kerberos",
      {
        service: "krbtgt/EXAMPLE2",
        success: false,
        error_code: 6,
        error_msg: "KDC_ERR_C_PRINCIPAL_UNKNOWN",
      },
    ],
  ]);
});
