import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import type { Conversation } from "../reassembly/conversation.ts";
import { chance } from "../testing/chance.ts";
import { conversationsOf } from "../testing/reading.ts";
import { type Talk, talk } from "../testing/talk.ts";
import { fileNameOf, nameOfUrl } from "./disposition.ts";
import { objectsOfHttp } from "./http-objects.ts";
import type { CarvedObject } from "./object.ts";
import { carveObjects } from "./objects.ts";

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
const textOf = (object: CarvedObject | undefined) => Buffer.concat(object?.pieces ?? []).toString("latin1");
const carveMails = (conversation: Conversation) => carveObjects(conversation, []);
const conversationOf = (played: Talk) => conversationsOf(played.frames)[0]!;

function served(body: Uint8Array, ...headers: string[]): Talk {
  const head = ["HTTP/1.1 200 OK", `Content-Length: ${body.length}`, ...headers, "", ""].join("\r\n");
  return talk()
    .open()
    .say(0, "GET /files/report%20one.pdf?x=/y HTTP/1.1\r\nHost: files.example\r\n\r\n")
    .say(1, head)
    .say(1, body, 500)
    .close();
}

describe("objects of HTTP", () => {
  const pdf = Buffer.concat([Buffer.from("%PDF-1.7\n"), chance(1).bytes(5_000)]);

  test("have name, type, size and hashes", async () => {
    const [object] = await objectsOfHttp(conversationOf(served(pdf, "Content-Type: text/plain")));
    expect(object).toMatchObject({
      protocol: "http",
      name: "report one.pdf",
      declaredType: "text/plain",
      magicType: "application/pdf",
      side: 1,
      size: pdf.length,
      missing: 0,
      isComplete: true,
      origin: "GET files.example/files/report%20one.pdf?x=/y",
      md5: createHash("md5").update(pdf).digest("hex"),
      sha1: createHash("sha1").update(pdf).digest("hex"),
      sha256: sha256(pdf),
    });
  });

  test("are what they were before they were compressed", async () => {
    const [object] = await objectsOfHttp(conversationOf(served(gzipSync(pdf), "Content-Encoding: gzip")));
    expect(object).toMatchObject({ sha256: sha256(pdf), isComplete: true });
  });

  test("say what is missing of them, and where", async () => {
    const played = served(pdf);
    played.frames.splice(6, 1);
    const [object] = await objectsOfHttp(conversationOf(played));
    expect(object).toMatchObject({
      size: pdf.length - 500,
      missing: 500,
      isComplete: false,
      holes: [{ start: 500, end: 1_000 }],
    });
    const coded = served(gzipSync(pdf), "Content-Encoding: gzip");
    coded.frames.splice(8, 1);
    const [decoded] = await objectsOfHttp(conversationOf(coded));
    expect(decoded?.isComplete).toBe(false);
    expect(decoded?.notes).toContain("gzip: nothing behind the first hole can be decoded");
    expect(textOf(decoded).startsWith("%PDF-1.7")).toBe(true);
  });

  test("of 50 MB are whole with one side alone", async () => {
    const part = chance(2).bytes(1_000_003);
    const large = Buffer.concat(Array.from({ length: 50 }, () => part));
    const played = talk().open().say(0, "GET /large HTTP/1.1\r\n\r\n");
    played.say(1, `HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n`).say(1, large, 60_000).close();
    const frames = played.frames.filter(({ bytes }) => bytes[29] === 2);
    const [object] = await objectsOfHttp(conversationOf({ ...played, frames }));
    expect(object).toMatchObject({ size: large.length, isComplete: true, sha256: sha256(large) });
  });

  test("go up as well as down", async () => {
    const played = talk()
      .open()
      .say(0, "POST /up HTTP/1.1\r\nContent-Length: 6\r\n\r\nsecret")
      .say(1, "HTTP/1.1 204 No Content\r\n\r\n");
    expect(await objectsOfHttp(conversationOf(played))).toMatchObject([{ side: 0, name: "up", size: 6 }]);
  });

  test("are also the files of forms", async () => {
    const part = (name: string, content: string) =>
      `--x1\r\nContent-Disposition: form-data; name="f"${name}\r\nContent-Type: application/zip\r\n\r\n${content}\r\n`;
    const form = `${part("", "a field")}${part('; filename="loot.zip"', "PK\x03\x04\r\n--x not the end")}--x1--\r\n`;
    const head = `POST /up HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x1\r\nContent-Length: ${form.length}\r\n\r\n`;
    const objects = await objectsOfHttp(
      conversationOf(
        talk()
          .open()
          .say(0, head + form, 50)
          .say(1, "HTTP/1.1 204 No Content\r\n\r\n"),
      ),
    );
    expect(objects.map(({ name, size, side }) => [name, size, side])).toEqual([
      ["up", form.length, 0],
      ["loot.zip", 21, 0],
    ]);
    expect(objects[1]).toMatchObject({
      magicType: "application/zip",
      isComplete: true,
      sha256: sha256("PK\x03\x04\r\n--x not the end"),
    });
  });

  test("together take no more memory than they may, and say what stays coded", async () => {
    const body = gzipSync(Buffer.alloc(100_000));
    const played = talk().open();
    for (let count = 0; count < 5; count++)
      played
        .say(0, "GET /a HTTP/1.1\r\n\r\n")
        .say(
          1,
          Buffer.concat([
            Buffer.from(
              `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
            ),
            body,
          ]),
        );
    const memory = { left: 250_000 };
    const objects = await objectsOfHttp(conversationOf(played), { memory });
    expect(objects.map(({ size }) => size)).toEqual([100_000, 100_000, 50_000, body.length, body.length]);
    expect(objects[2]).toMatchObject({ isComplete: false, notes: [expect.stringContaining("cut at 50000")] });
    expect(objects[3]?.notes).toEqual([expect.stringContaining('the coding "gzip" stays')]);
    expect(memory.left).toBe(0);
  });

  test("are bounded in number", async () => {
    const played = talk().open();
    for (let count = 0; count < 5; count++)
      played.say(0, "GET /a HTTP/1.1\r\n\r\n").say(1, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    expect(await objectsOfHttp(conversationOf(played), { objects: 3 })).toHaveLength(3);
  });
});

test.each([
  ['attachment; filename="plain.txt"', "plain.txt"],
  ['attachment; filename="a \\"quoted\\" name.txt"', 'a "quoted" name.txt'],
  ["attachment; filename=token.txt; size=3", "token.txt"],
  ["attachment; filename=\"fallback.txt\"; filename*=UTF-8''na%C3%AFve%20plan.txt", "naïve plan.txt"],
  ["attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates"],
  ["attachment; filename*=koi8-r''%C1; filename=else.txt", "else.txt"],
  ["inline", undefined],
])("the file name of %s", (value, name) => {
  expect(fileNameOf(value)).toBe(name);
});

test.each([
  ["/a/b.exe?q=1/2", "b.exe"],
  ["http://proxy.example/x/y.zip#z", "y.zip"],
  ["/", "host.example"],
  ["/caf%C3%A9/", "café"],
])("the name in %s", (target, name) => {
  expect(nameOfUrl(target, "host.example")).toBe(name);
});

test("names are no paths and hide nothing", async () => {
  const [object] = await objectsOfHttp(
    conversationOf(
      served(
        Buffer.from("x"),
        "Content-Disposition: attachment; filename*=UTF-8''..%2F..%2Fetc%5Cin%0Avo%E2%80%AEice.exe",
      ),
    ),
  );
  expect(object?.name).toBe("invoice.exe");
});

const MAIL = [
  "From: a@example.com",
  "Subject: Plans",
  'Content-Type: multipart/mixed; boundary="b"',
  "",
  "--b",
  "Content-Type: text/plain",
  "",
  "hello",
  "..",
  ".two dots are one",
  "--b",
  "Content-Type: multipart/mixed; boundary=c",
  "",
  "--c",
  "Content-Type: application/zip; name=plans.zip",
  "Content-Disposition: attachment; filename=plans.zip",
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from("PK\x03\x04 not really").toString("base64"),
  "--c--",
  "--b--",
  "",
].join("\r\n");
const stuffed = MAIL.replace(/^\./gm, "..");

function session(): Talk {
  return talk({ ports: [40_000, 25] })
    .open()
    .say(1, "220 mx\r\n")
    .say(0, "EHLO x\r\n")
    .say(1, "250-mx\r\n250 CHUNKING\r\n")
    .say(0, "MAIL FROM:<a@example.com> SIZE=99\r\n")
    .say(1, "250 ok\r\n")
    .say(0, "RCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n")
    .say(1, "250 ok\r\n250 ok\r\n");
}

describe("objects of SMTP", () => {
  const expected = [
    { name: "Plans.eml", declaredType: "message/rfc822", sha256: sha256(MAIL), isComplete: true },
    {
      name: "plans.zip",
      declaredType: "application/zip",
      magicType: "application/zip",
      sha256: sha256("PK\x03\x04 not really"),
    },
  ];

  test.each([1, 2, 3, 5, 1_000])("come by DATA, in packets of %i bytes", async (size) => {
    const played = session()
      .say(0, "DATA\r\n")
      .say(1, "354 go\r\n")
      .say(0, `${stuffed}.\r\n`, size)
      .say(1, "250 ok\r\n");
    const objects = await carveMails(conversationOf(played));
    expect(objects).toMatchObject(expected);
    expect(objects[0]?.origin).toBe("mail from <a@example.com> to <b@example.com>, <c@example.com>");
    expect(textOf(objects[0])).toBe(MAIL);
  });

  test("come by BDAT in chunks", async () => {
    const played = session()
      .say(0, `BDAT 100\r\n${MAIL.slice(0, 100)}`)
      .say(1, "250 ok\r\n");
    played.say(0, `BDAT ${MAIL.length - 100} LAST\r\n${MAIL.slice(100)}`, 7).say(1, "250 ok\r\n");
    expect(await carveMails(conversationOf(played))).toMatchObject(expected);
  });

  test("come of one side alone", async () => {
    const played = session()
      .say(0, "DATA\r\n")
      .say(1, "354 go\r\n")
      .say(0, `${stuffed}.\r\n`)
      .say(1, "250 ok\r\n");
    const frames = played.frames.filter(({ bytes }) => bytes[29] === 1);
    expect(await carveMails(conversationOf({ ...played, frames }))).toMatchObject(expected);
  });

  test("do not come where the server refused, or where it became encrypted", async () => {
    const refused = session().say(0, "DATA\r\n").say(1, "554 no\r\n").say(0, "QUIT\r\n");
    expect(await carveMails(conversationOf(refused))).toEqual([]);
    const encrypted = session().say(0, "STARTTLS\r\n").say(1, "220 go\r\n").say(0, "DATA\r\n\x16\x03\x01");
    expect(await carveMails(conversationOf(encrypted))).toEqual([]);
  });

  test("say what is missing", async () => {
    const played = session()
      .say(0, "DATA\r\n")
      .say(1, "354 go\r\n")
      .say(0, stuffed.slice(0, 300))
      .say(0, "LOST")
      .lose();
    const [mail, attachment] = await carveMails(
      conversationOf(played.say(0, `${stuffed.slice(304)}.\r\n`).say(1, "250 ok\r\n")),
    );
    expect(mail).toMatchObject({ missing: 4, isComplete: false, size: MAIL.length - 4 });
    expect(attachment).toMatchObject({ isComplete: false });
  });

  test("do not end at a dot that may be in the middle of a line", async () => {
    const played = session()
      .say(0, "DATA\r\n")
      .say(1, "354 go\r\n")
      .say(0, "a: b\r\n")
      .say(0, "\r\nLOST")
      .lose();
    const [mail] = await carveMails(conversationOf(played.say(0, ".\r\nmore\r\n.\r\n").say(1, "250 ok\r\n")));
    expect(textOf(mail)).toBe("a: b\r\n.\r\nmore\r\n");
  });

  test("changed bytes never crash it", async () => {
    for (let seed = 1; seed <= runs(60); seed++) {
      const random = chance(seed);
      const bytes = Buffer.from(`DATA\r\n${stuffed}.\r\nBDAT 5 LAST\r\nhello`, "latin1");
      for (let hit = 0; hit < 6; hit++) bytes[random.below(bytes.length)] = random.below(256);
      const objects = await carveMails(conversationOf(session().say(0, bytes, 1 + random.below(90))));
      expect(objects.length, `seed ${seed}`).toBeLessThan(10);
    }
  });
});
