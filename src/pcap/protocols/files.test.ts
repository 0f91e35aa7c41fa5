/** What is told of files that go by mail and over FTP: compared with what others make of the same packets, and with bytes that are known. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { carveObjects } from "../objects/objects.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { blockOf, type Frame } from "../testing/frames.ts";
import { type ReadRecord, recordsOf } from "../testing/records.ts";
import { close1, create1, read1, write1 } from "../testing/smb1-messages.ts";
import { talk } from "../testing/talk.ts";
import { conversationsOfBlock, hasCaptures, packetsOf } from "../testing/tcp-captures.ts";

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function filesOf(frames: readonly Frame[]) {
  const records = recordsOf([blockOf(frames)]);
  return { files: records.filter(({ kind }) => kind === "files").map(({ fields }) => fields), records };
}

const PDF = Buffer.from(`%PDF-1.7\n${"the plans ".repeat(200)}`);
const BASE64 = PDF.toString("base64").replace(/.{76}/g, "$&\r\n");

const MAIL = [
  "From: a@x",
  "Content-Type: multipart/mixed;",
  ' boundary="outer bound"',
  "",
  "a preamble that is none of the files",
  "--outer bound",
  "Content-Type: multipart/alternative; boundary=inner",
  "",
  "--inner",
  "Content-Type: text/plain",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "caf=C3=A9 costs =E2=82=AC=",
  "5   ",
  ".a line that begins with a dot",
  "--inner",
  "Content-Type: text/html",
  "",
  "<p>html</p>",
  "",
  "--inner--",
  "--outer bound",
  "Content-Type: application/pdf; name=other.pdf",
  "Content-Disposition: attachment;",
  " filename=plans.pdf",
  "Content-Transfer-Encoding: BASE64",
  "",
  BASE64,
  "--outer bound",
  "Content-Type: message/rfc822",
  "",
  "Subject: the mail inside",
  'Content-Type: text/plain; name="note.txt"',
  "",
  "inside",
  "--outer bound--",
  "an epilogue",
].join("\r\n");

/** The files of the mail: names and contents. */
const EXPECTED = [
  [undefined, "café costs €5\r\n.a line that begins with a dot"],
  [undefined, "<p>html</p>\r\n"],
  ["plans.pdf", PDF],
  ["note.txt", "inside"],
] as const;

const ENVELOPE = ["EHLO x", "MAIL FROM:<a@x>", "RCPT TO:<b@x>"].map((line) => `${line}\r\n`);

/** A session that hands the mail over with DATA, in packets of a size. */
function byData(size: number) {
  const played = talk({ ports: [50_000, 25] })
    .open()
    .say(1, "220 mx ESMTP\r\n");
  for (const line of ENVELOPE) played.say(0, line).say(1, "250 ok\r\n");
  const stuffed = MAIL.replace(/^\./gm, "..");
  return played
    .say(0, "DATA\r\n")
    .say(1, "354 go on\r\n")
    .say(0, `${stuffed}\r\n.\r\n`, size)
    .say(1, "250 queued\r\n");
}

/** The same in chunks (RFC 3030), which may end anywhere. */
function byChunks(size: number) {
  const played = talk({ ports: [50_000, 25] })
    .open()
    .say(1, "220 mx ESMTP\r\n");
  for (const line of ENVELOPE) played.say(0, line).say(1, "250 ok\r\n");
  for (let at = 0; at < MAIL.length; at += size) {
    const chunk = MAIL.slice(at, at + size);
    const last = at + size >= MAIL.length ? " LAST" : "";
    played.say(0, `BDAT ${chunk.length}${last}\r\n${chunk}`).say(1, "250 ok\r\n");
  }
  return played;
}

test.each([
  ["DATA, in packets of one byte", byData(1)],
  ["DATA, in packets of seven bytes", byData(7)],
  ["DATA, in large packets", byData(1_400)],
  ["chunks of 100 bytes", byChunks(100)],
  ["one chunk", byChunks(100_000)],
])("the parts of a mail are files, whole: %s", (_, played) => {
  const { files, records } = filesOf(played.close().frames);
  expect(files.map(({ filename, sha256: hash }) => [filename, hash])).toEqual(
    EXPECTED.map(([name, content]) => [name, sha256(content)]),
  );
  expect(files[2]).toMatchObject({
    ...{
      source: "SMTP",
      mime_type: "application/pdf",
      seen_bytes: PDF.length,
      missing_bytes: 0,
      is_orig: true,
    },
    ...{ tx_hosts: ["10.0.0.1"], rx_hosts: ["10.0.0.2"] },
  });
  const [mail] = records.filter(({ kind }) => kind === "smtp");
  expect(mail?.fields.fuids).toEqual(files.map(({ fuid }) => fuid));
});

test("an attachment that has a hole has no hash, and the hole is told", () => {
  const played = byData(200);
  const frames = played.frames.filter((_, at) => at !== 20);
  const { files } = filesOf(frames);
  const pdf = files.find(({ filename }) => filename === "plans.pdf");
  // The packet, and what came before it of the line that it breaks.
  expect(Number(pdf?.missing_bytes)).toBeGreaterThanOrEqual(200);
  expect(Number(pdf?.missing_bytes)).toBeLessThan(200 + 78);
  expect(pdf).not.toHaveProperty("sha256");
});

test("two mails of a session have their own files", () => {
  const text = (content: string) => `Content-Type: text/plain\r\n\r\n${content}\r\n.\r\n`;
  const played = talk({ ports: [50_000, 25] })
    .open()
    .say(1, "220 mx ESMTP\r\n")
    .say(0, "EHLO x\r\n")
    .say(1, "250 ok\r\n");
  for (const content of ["first", "second"])
    played
      .say(0, "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
      .say(1, "250 ok\r\n250 ok\r\n354 go\r\n")
      .say(0, text(content))
      .say(1, "250 queued\r\n");
  const { files, records } = filesOf(played.close().frames);
  expect(files.map((file) => file.sha256)).toEqual([sha256("first"), sha256("second")]);
  expect(new Set(files.map(({ fuid }) => fuid)).size).toBe(2);
  expect(records.filter(({ kind }) => kind === "smtp").map(({ fields }) => fields.fuids)).toEqual(
    files.map(({ fuid }) => [fuid]),
  );
});

test("a mail of parts in parts without end, and one of a single line, stay bounded", () => {
  const deep = Array.from(
    { length: 5_000 },
    (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
  );
  for (const content of [deep.join(""), "x".repeat(3_000_000)]) {
    const played = talk({ ports: [50_000, 25] })
      .open()
      .say(1, "220 mx ESMTP\r\n")
      .say(0, "EHLO x\r\n")
      .say(1, "250 ok\r\n");
    played.say(0, "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n").say(1, "354 go\r\n");
    const { files, records } = filesOf(
      played.say(0, `${content}\r\n.\r\n`, 1_400).say(1, "250 ok\r\n").frames,
    );
    expect(files.length).toBeLessThan(3);
    expect(records.some(({ kind }) => kind === "smtp")).toBe(true);
  }
});

test("an attachment that is text is carved as it was sent, with the line ends that it had", async () => {
  const part = (encoding: string, content: string) =>
    [
      "--b",
      "Content-Type: text/csv; name=accounts.csv",
      "Content-Disposition: attachment",
      `Content-Transfer-Encoding: ${encoding}`,
      "",
      content,
      "",
    ].join("\r\n");
  const plain = "name,iban\r\nAnna,DE1\r\n";
  const mail = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part("quoted-printable", "caf=C3=A9,=\r\n1\r\n2")}${part("7bit", plain)}--b--\r\n`;
  const played = talk({ ports: [50_000, 25] })
    .open()
    .say(1, "220 mx ESMTP\r\n");
  for (const line of ENVELOPE) played.say(0, line).say(1, "250 ok\r\n");
  played.say(0, "DATA\r\n").say(1, "354 go on\r\n").say(0, `${mail}.\r\n`).say(1, "250 queued\r\n");
  const frames = played.close().frames;
  const [conversation] = conversationsOfBlock(blockOf(frames)).tcp;
  const carved = conversation === undefined ? [] : await carveObjects(conversation, [conversation]);
  const attachments = carved.filter(({ name }) => name === "accounts.csv");
  const expected = ["café,1\r\n2", plain].map(sha256);
  expect(attachments.map((one) => one.sha256)).toEqual(expected);
  expect(attachments.flatMap(({ notes }) => notes)).toEqual([]);
  expect(filesOf(frames).files.map((one) => one.sha256)).toEqual(expected);
});

const HOUR = 3_600_000_000;
const START = 1_700_000_000_000_000;

/** A control connection that arranges a transfer, and the data connection. */
function transfer(arrange: string, answer: string, command: string, from: 0 | 1): Frame[] {
  const control = talk({ ports: [50_000, 21] })
    .open()
    .say(1, "220 ready\r\n")
    .say(0, "USER anna\r\n")
    .say(1, "331 go on\r\n")
    .say(0, `${arrange}\r\n`)
    .say(1, `${answer}\r\n`)
    .say(0, `${command}\r\n`)
    .say(1, "150 here it comes\r\n");
  const isActive = arrange.startsWith("PORT");
  const data = talk({
    ...(isActive ? { hosts: ["10.0.0.2", "10.0.0.1"] as const } : {}),
    ports: isActive ? [20, 1_025] : [50_001, 1_025],
    startMicros: START + 60_000,
  })
    .open()
    .say(from, PDF, 700)
    .close();
  const done = talk({ ports: [50_000, 21], startMicros: START + HOUR });
  return [...control.frames, ...data.frames, ...done.frames];
}

test.each([
  ["PASV", "227 at (10,0,0,2,4,1).", "RETR /pub/plans.pdf", 1, false],
  ["EPSV", "229 at (|||1025|)", "RETR plans.pdf", 1, false],
  ["PASV", "227 at (192,168,7,7,4,1) behind translation", "RETR plans.pdf", 1, false],
  ["PASV", "227 at (10,0,0,2,4,1).", "STOR plans.pdf", 0, true],
  ["PORT 10,0,0,1,4,1", "200 ok", "RETR plans.pdf", 0, true],
] as const)(
  "a file over FTP is told with its name and hash: %s, %s, %s",
  (arrange, answer, command, from, isOrig) => {
    const { files, records } = filesOf(transfer(arrange, answer, command, from));
    expect(files).toMatchObject([
      {
        ...{ source: "FTP_DATA", filename: "plans.pdf", mime_type: "application/pdf", is_orig: isOrig },
        ...{ seen_bytes: PDF.length, missing_bytes: 0, sha256: sha256(PDF) },
      },
    ]);
    const told = records.filter(
      ({ kind, fields }) => kind === "ftp" && /RETR|STOR/.test(String(fields.command)),
    );
    expect(told.map(({ fields }) => fields.fuid)).toEqual([files[0]?.fuid]);
    const services = records.filter(({ kind }) => kind === "conn").map(({ fields }) => fields.service);
    expect(services).toContain("ftp-data");
  },
);

test.each([
  ["read", 1, read1],
  ["written", 0, write1],
] as const)(
  "a file that is %s over SMB 1 is told with its name and hash, as it is carved",
  async (_, side, move) => {
    const content = Buffer.concat([PDF, Buffer.alloc(90_000, "more ")]);
    const played = talk({ ports: [50_000, 445] }).open();
    const exchanges = [
      create1(1, "share\\plans.pdf", content.length),
      move(2, 0, content.subarray(0, 70_000)),
      move(3, 70_000, content.subarray(70_000)),
      close1(4),
    ];
    for (const [request, answer] of exchanges) played.say(0, request).say(1, answer);
    const { files } = filesOf(played.close().frames);
    expect(files).toMatchObject([
      {
        ...{ source: "SMB", filename: "plans.pdf", mime_type: "application/pdf", is_orig: side === 0 },
        ...{ seen_bytes: content.length, missing_bytes: 0, sha256: sha256(content) },
      },
    ]);
    const [conversation] = conversationsOfBlock(blockOf(played.frames)).tcp;
    const [carved] = conversation === undefined ? [] : await carveObjects(conversation, [conversation]);
    expect(carved).toMatchObject({ side, sha256: sha256(content), isComplete: true });
  },
);

/** Captures whose mails and transfers another reader carves: PostalMime of mails, conversations put together of FTP. */
test.skipIf(!hasCaptures)(
  "files of the shared captures are those that are carved out of them",
  { timeout: 120_000 },
  async () => {
    const missing: string[] = [];
    let equal = 0;
    for (const path of sharedCaptures().filter((each) => /^(?:ftp__|smtp(?!-one))/.test(basename(each)))) {
      const packets = packetsOf(path);
      if (packets === undefined) continue;
      const { tcp } = conversationsOfBlock(packets);
      const carved = (await Promise.all(tcp.map((each) => carveObjects(each, tcp)))).flat();
      const told = new Set(hashesIn(recordsOf([packets])));
      for (const { name, sha256: hash, isComplete, size, protocol } of carved) {
        if (!isComplete || size === 0 || name.endsWith(".eml")) continue;
        if (told.has(hash)) equal++;
        else missing.push(`${basename(path)}: ${protocol} ${name}`);
      }
    }
    expect(missing).toEqual([]);
    expect(equal).toBeGreaterThan(3);
  },
);

function hashesIn(records: readonly ReadRecord[]): string[] {
  return records.flatMap(({ kind, fields }) => (kind === "files" ? [String(fields.sha256)] : []));
}
