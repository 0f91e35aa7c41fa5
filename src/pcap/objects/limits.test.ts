import { expect, test } from "vitest";
import { madeConversation } from "../testing/made-conversation.ts";
import { carveObjects } from "./objects.ts";

/** Carves with room for three objects, and tells what was left out. */
async function carved(
  said: Parameters<typeof madeConversation>[0],
  limits: Parameters<typeof carveObjects>[2] = { objects: 3 },
) {
  const left: Record<string, number> = {};
  const leave = (what: string, count: number) => {
    left[what] = (left[what] ?? 0) + count;
  };
  const conversation = madeConversation(said);
  const objects = await carveObjects(conversation, [conversation], { ...limits, leave });
  return { names: objects.map(({ name }) => name), notes: objects.map(({ notes }) => notes), left };
}

test("bodies behind the limit are counted", async () => {
  const answers = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".repeat(5);
  expect(
    await carved([
      [0, "GET /a HTTP/1.1\r\n\r\n".repeat(5)],
      [1, answers],
    ]),
  ).toMatchObject({ names: ["a", "a", "a"], left: { files: 2 } });
});

test("files of a form behind the limit are counted", async () => {
  const part = (name: string) => `--x\r\nContent-Disposition: form-data; filename="${name}"\r\n\r\nz\r\n`;
  const form = `${["1", "2", "3", "4"].map(part).join("")}--x--\r\n`;
  const type = "Content-Type: multipart/form-data; boundary=x\r\n";
  const head = `POST /up HTTP/1.1\r\n${type}Content-Length: ${form.length}\r\n\r\n`;
  expect(await carved([[0, head + form]])).toMatchObject({ names: ["up", "1", "2"], left: { files: 2 } });
});

test("exchanges that are not kept are counted", async () => {
  const said = "GET / HTTP/1.1\r\n\r\n".repeat(100_004);
  expect((await carved([[0, said]])).left).toEqual({ exchanges: 4 });
});

const mail = (recipients: number, text: string) =>
  `MAIL FROM:<a@x>\r\n${"RCPT TO:<b@x>\r\n".repeat(recipients)}DATA\r\n${text}\r\n.\r\n`;

test("mails behind the limit are counted, with those that are not kept", async () => {
  const said = `EHLO x\r\n${mail(1, "Subject: hi\r\n\r\nhello").repeat(5)}`;
  expect(await carved([[0, said]])).toMatchObject({
    names: ["hi.eml", "hi.eml", "hi.eml"],
    left: { files: 2 },
  });
  const many = `EHLO x\r\n${mail(1, "hello").repeat(10_003)}`;
  expect((await carved([[0, many]], { objects: 1 })).left).toEqual({ files: 10_002 });
});

test("attachments behind the limit are counted", async () => {
  const part = 'Content-Disposition: attachment; filename="f.txt"\r\n\r\ntext\r\n';
  const text = `Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n${part}`.repeat(4)}--b--`;
  expect(await carved([[0, `EHLO x\r\n${mail(1, text)}`]])).toMatchObject({
    names: ["s.eml", "f.txt", "f.txt"],
    left: { files: 2 },
  });
});

test("recipients that are not told are counted, and the mail is whole all the same", async () => {
  const { notes, left } = await carved([[0, `EHLO x\r\n${mail(1_005, "hello")}`]]);
  expect(notes).toEqual([["only the first 1000 of 1005 recipients are told"]]);
  expect(left).toEqual({});
});

test("messages of SMB that nobody can read are counted", async () => {
  const sealed = Buffer.from([0, 0, 0, 8, 0xfd, 0x53, 0x4d, 0x42, 0, 0, 0, 0]);
  expect((await carved([[0, Buffer.concat([sealed, sealed])]])).left).toEqual({ sealed: 2 });
});
