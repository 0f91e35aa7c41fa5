import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { type SideView, viewSide } from "../reassembly/view.ts";
import { chance } from "../testing/chance.ts";
import { conversationsOf } from "../testing/reading.ts";
import { create1, read1 } from "../testing/smb1-messages.ts";
import { type Talk, talk } from "../testing/talk.ts";
import type { CarvedObject } from "./object.ts";
import { carveObjects } from "./objects.ts";
import { readSmb } from "./smb.ts";
import { smbMessages } from "./smb-messages.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const file = chance(7).bytes(5_000);

describe("objects of FTP", () => {
  const HOUR = 3_600_000_000;
  const START = 1_700_000_000_000_000;

  function session(arrange: string, answer: string, command: string): Talk {
    return talk({ ports: [50_000, 21] })
      .open()
      .say(1, "220 ready\r\n")
      .say(0, "USER anna\r\n")
      .say(1, "331 go on\r\n")
      .say(0, `${arrange}\r\n`)
      .say(1, `${answer}\r\n`)
      .say(0, `${command}\r\n`)
      .say(1, "150 here it comes\r\n226 done\r\n");
  }
  function carve(control: Talk, data: Talk): Promise<CarvedObject[]> {
    const conversations = conversationsOf([...control.frames, ...data.frames]);
    const isControl = conversations.findIndex(({ endpoints }) => endpoints[1].port === 21);
    return carveObjects(conversations[isControl]!, conversations);
  }
  /** A data connection to port 1025 of the server, or of the client from port 20 of the server. */
  const passive = () => talk({ ports: [50_001, 1_025], startMicros: START + HOUR }).open();
  const active = () =>
    talk({ hosts: ["10.0.0.2", "10.0.0.1"], ports: [20, 1_025], startMicros: START + HOUR }).open();

  test.each([
    ["PASV", "227 at (10,0,0,2,4,1).", passive, 1],
    ["EPSV", "229 at (|||1025|)", passive, 1],
    ["PORT 10,0,0,1,4,1", "200 ok", active, 0],
    ["EPRT |1|10.0.0.1|1025|", "200 ok", active, 0],
    ["PASV", "227 at (192,168,7,7,4,1) behind translation", passive, 1],
  ] as const)("come down: %s, %s", async (arrange, answer, data, side) => {
    const objects = await carve(
      session(arrange, answer, "RETR /pub/plan.zip"),
      data().say(side, file, 700).close(),
    );
    expect(objects).toMatchObject([
      {
        name: "plan.zip",
        side,
        sha256: sha256(file),
        size: 5_000,
        isComplete: true,
        origin: "RETR /pub/plan.zip by anna",
      },
    ]);
  });

  test("come also behind an answer with brackets that never close, at once", async () => {
    const control = talk({ ports: [50_000, 21] })
      .open()
      .say(1, "220 ready\r\n")
      .say(0, "USER anna\r\n")
      .say(1, `229 ${"(".repeat(1_000_000)}\r\n`)
      .say(1, "229 (|||1025|)\r\n")
      .say(0, "RETR plan.zip\r\n");
    expect(await carve(control, passive().say(1, file).close())).toMatchObject([{ name: "plan.zip" }]);
  });

  test("go up", async () => {
    const objects = await carve(
      session("PASV", "227 (10,0,0,2,4,1)", "STOR loot.7z"),
      passive().say(0, file).close(),
    );
    expect(objects).toMatchObject([{ name: "loot.7z", side: 0, sha256: sha256(file) }]);
  });

  test("say what is missing, and where they begin in the file", async () => {
    const control = session("PASV", "227 (10,0,0,2,4,1)", "REST 100\r\nRETR big");
    const data = passive()
      .say(1, file.subarray(0, 1_000))
      .say(1, file.subarray(1_000, 1_500))
      .lose()
      .say(1, file.subarray(1_500))
      .close();
    expect(await carve(control, data)).toMatchObject([
      {
        missing: 500,
        holes: [{ start: 1_000, end: 1_500 }],
        isComplete: false,
        notes: ["it begins at byte 100 of the file"],
      },
    ]);
  });

  test("come only from connections that were arranged", async () => {
    const other = talk({ ports: [50_001, 1_026], startMicros: START + HOUR })
      .open()
      .say(1, file);
    expect(await carve(session("PASV", "227 (10,0,0,2,4,1)", "RETR x"), other)).toEqual([]);
  });
});

describe("objects of SMB", () => {
  const le = (size: number, value: number) => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntLE(value, 0, Math.min(size, 6));
    return bytes;
  };
  const framed = (message: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return Buffer.concat([length, message]);
  };
  const utf16 = (text: string) => Buffer.from(text, "utf16le");

  /** A message of SMB 2: command, whether it answers, its number, its body. */
  function two(command: number, isResponse: boolean, number: number, body: readonly Uint8Array[]): Buffer {
    const head = [
      Buffer.from([0xfe, 0x53, 0x4d, 0x42]),
      le(2, 64),
      le(2, 0),
      le(4, 0),
      le(2, command),
      le(2, 1),
    ];
    return framed(
      Buffer.concat([
        ...head,
        le(4, isResponse ? 1 : 0),
        le(4, 0),
        le(8, number),
        le(4, 0),
        le(4, 5),
        le(8, 9),
        Buffer.alloc(16),
        ...body,
      ]),
    );
  }
  const ID = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  const connect = (share: string) =>
    [
      two(3, false, 1, [le(2, 9), le(2, 0), le(2, 72), le(2, share.length * 2), utf16(share)]),
      two(3, true, 1, [Buffer.alloc(16)]),
    ] as const;
  const create = (name: string, size: number) =>
    [
      two(5, false, 2, [Buffer.alloc(44), le(2, 120), le(2, name.length * 2), Buffer.alloc(8), utf16(name)]),
      two(5, true, 2, [Buffer.alloc(48), le(8, size), Buffer.alloc(8), ID, Buffer.alloc(8)]),
    ] as const;
  const read = (number: number, offset: number, bytes: Uint8Array) =>
    [
      two(8, false, number, [le(4, 49), le(4, bytes.length), le(8, offset), ID, Buffer.alloc(17)]),
      two(8, true, number, [le(2, 17), le(2, 80), le(4, bytes.length), le(8, 0), bytes]),
    ] as const;
  const write = (number: number, offset: number, bytes: Uint8Array) =>
    [
      two(9, false, number, [
        le(2, 49),
        le(2, 112),
        le(4, bytes.length),
        le(8, offset),
        ID,
        Buffer.alloc(16),
        bytes,
      ]),
      two(9, true, number, [Buffer.alloc(16)]),
    ] as const;
  function session(...turns: readonly (readonly [Uint8Array, Uint8Array])[]): Talk {
    const played = talk({ ports: [50_000, 445] }).open();
    for (const [request, response] of turns) played.say(0, request, 900).say(1, response, 900);
    return played;
  }
  const carve = (played: Talk) => carveObjects(conversationsOf(played.frames)[0]!, []);
  const share = "\\\\FILES\\plans";

  test("are put together of what was read, in any order", async () => {
    const played = session(
      connect(share),
      create("dir\\secret.docx", 5_000),
      read(4, 3_000, file.subarray(3_000)),
      read(3, 0, file.subarray(0, 3_000)),
    );
    expect(await carve(played)).toMatchObject([
      {
        name: "secret.docx",
        side: 1,
        sha256: sha256(file),
        isComplete: true,
        origin: "read from \\\\FILES\\plans\\dir\\secret.docx",
      },
    ]);
  });

  test("are put together of what was written, the later over the earlier", async () => {
    const played = session(
      connect(share),
      create("up.bin", 0),
      write(3, 0, file.subarray(1_000)),
      write(4, 0, file.subarray(0, 2_500)),
      write(5, 2_500, file.subarray(2_500)),
    );
    expect(await carve(played)).toMatchObject([
      { name: "up.bin", side: 0, sha256: sha256(file), isComplete: true },
    ]);
  });

  test("say what was not read, and what was lost", async () => {
    const played = session(connect(share), create("half.bin", 5_000), read(3, 0, file.subarray(0, 2_000)));
    expect(await carve(played)).toMatchObject([
      { holes: [{ start: 2_000, end: 5_000 }], missing: 3_000, isComplete: false },
    ]);
    const lossy = session(
      connect(share),
      create("lost.bin", 3_000),
      read(3, 0, file.subarray(0, 3_000)),
      read(4, 2_900, file.subarray(2_900, 3_000)),
    );
    // The second packet of the answer.
    lossy.frames.splice(9, 1);
    expect(await carve(lossy)).toMatchObject([{ missing: 900, isComplete: false }]);
  });

  test("of version 1 are read as well", async () => {
    const played = session(create1(1, "old.xls", 3_000), read1(2, 0, file.subarray(0, 3_000)));
    expect(await carve(played)).toMatchObject([
      { name: "old.xls", sha256: sha256(file.subarray(0, 3_000)), isComplete: true },
    ]);
  });

  test("of encrypted sessions are none, and that is told", async () => {
    const sealed = framed(Buffer.concat([Buffer.from([0xfd, 0x53, 0x4d, 0x42]), Buffer.alloc(80)]));
    expect(readSmb(conversationsOf(session([sealed, sealed]).frames)[0]!)).toEqual({
      ...{ files: [], more: 0, lost: 0 },
      encrypted: 2,
      compressed: 0,
    });
  });

  test("are answered later when the server says so", async () => {
    const [request, response] = create("slow.bin", 100);
    const pending = Uint8Array.from(two(5, true, 2, [Buffer.alloc(16)]));
    pending.set([3, 1], 4 + 8);
    const played = session(connect(share), [request, pending]).say(1, response);
    const [asked, answered] = read(3, 0, file.subarray(0, 100));
    expect(await carve(played.say(0, asked).say(1, answered))).toMatchObject([
      { name: "slow.bin", isComplete: true },
    ]);
  });

  test("are found again behind a header that was lost", async () => {
    const played = session(connect(share), create("found.bin", 100));
    const [asked, answered] = read(4, 0, file.subarray(0, 100));
    played.say(1, two(13, true, 3, [Buffer.alloc(16)])).lose();
    expect(await carve(played.say(0, asked).say(1, answered))).toMatchObject([
      { name: "found.bin", isComplete: true },
    ]);
  });

  test("are looked for once behind each place that only looks like a beginning", async () => {
    const played = session(connect(share), create("found.bin", 100));
    // Each is a header whose message ends within the next one.
    const [asked, answered] = read(4, 0, file.subarray(0, 100));
    for (let count = 0; count < 3_000; count++)
      played.say(1, Buffer.from([0, 0, 0, 1, 0xfe, 0x53, 0x4d, 0x42, ...new Uint8Array(50)]));
    let walked = 0;
    const [conversation] = conversationsOf(played.say(0, asked).say(1, answered).frames);
    const view = viewSide(conversation!, 1);
    const counted: SideView = {
      ...view,
      *walk(start, end) {
        for (const part of view.walk(start, end)) {
          walked++;
          yield part;
        }
      },
    };
    expect([...smbMessages(counted)].length).toBeGreaterThan(3_000);
    expect(walked).toBeLessThan(10_000);
  });

  test("pipes are no files", async () => {
    expect(await carve(session(connect("\\\\DC\\IPC$"), create("srvsvc", 0), write(3, 0, file)))).toEqual([]);
  });

  test("changed bytes never crash it", async () => {
    for (let seed = 1; seed <= runs(100); seed++) {
      const random = chance(seed);
      const turns = [
        connect(share),
        create("a.bin", 3_000),
        read(3, 0, file.subarray(0, 3_000)),
        write(4, 0, file.subarray(0, 500)),
      ] as const;
      const hit = (bytes: Uint8Array) => {
        const changed = Uint8Array.from(bytes);
        for (let times = 0; times < 2; times++)
          changed[random.below(Math.min(200, changed.length))] = random.below(256);
        return changed;
      };
      const objects = await carve(session(...turns.map(([one, other]) => [hit(one), hit(other)] as const)));
      expect(
        objects.every(({ size }) => size <= 10_000),
        `seed ${seed}`,
      ).toBe(true);
    }
  });
});
