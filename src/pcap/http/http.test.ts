import { describe, expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { viewSide } from "../reassembly/view.ts";
import { chance } from "../testing/chance.ts";
import { conversationsOf } from "../testing/reading.ts";
import { type Talk, talk } from "../testing/talk.ts";
import { looksLikeHttp, readHttp } from "./http.ts";
import type { HttpMessage } from "./message.ts";

/** What is read, as lines: who said what, with its body; missing bytes of it as `_`. */
function read(played: Talk) {
  const [conversation] = conversationsOf(played.frames);
  const http = readHttp(conversation!);
  const bodyOf = (message: HttpMessage) =>
    message.body.ranges
      .flatMap(({ start, end }) => viewSide(conversation!, message.side).parts(start, end))
      .map(({ bytes, length }) => (bytes ? Buffer.from(bytes).toString("latin1") : "_".repeat(length)))
      .join("");
  const tell = (message: HttpMessage | undefined) => {
    if (message === undefined) return "-";
    const first = message.kind === "request" ? `${message.method} ${message.target}` : String(message.status);
    return `${first} ${message.body.framing}${message.body.isComplete ? "" : "!"} ${bodyOf(message)}`.trim();
  };
  const lines = http.exchanges.map(({ request, response, interim }) =>
    [request, ...interim, response].map(tell).join(" | "),
  );
  return { ...http, lines };
}
const ok = (body: string, ...headers: string[]) =>
  ["HTTP/1.1 200 OK", `Content-Length: ${body.length}`, ...headers, "", body].join("\r\n");
const get = (target: string, ...headers: string[]) =>
  ["GET", target, "HTTP/1.1\r\n"].join(" ") + [...headers, "", ""].join("\r\n");

describe("messages", () => {
  test("are paired, one after the other on a connection", () => {
    const played = talk()
      .open()
      .say(0, get("/a", "Host: x"))
      .say(1, ok("one"))
      .say(0, get("/b"))
      .say(1, ok("two"))
      .close();
    const { lines, exchanges } = read(played);
    expect(lines).toEqual(["GET /a none | 200 length one", "GET /b none | 200 length two"]);
    expect(exchanges[0]?.request?.headers).toEqual([{ name: "Host", value: "x" }]);
    expect(exchanges[1]?.response).toMatchObject({
      side: 1,
      start: 41,
      bodyStart: 79,
      end: 82,
      reason: "OK",
      version: "1.1",
    });
  });

  test("are read however they are cut into packets", () => {
    for (const size of [1, 2, 3, 7, 50]) {
      const post =
        "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\nT: 1\r\n\r\n";
      const played = talk()
        .open()
        .say(0, post + get("/next"), size)
        .say(1, ok("fine") + ok("again"), size);
      const { lines, exchanges } = read(played);
      expect(lines).toEqual([
        "POST /p chunked hello world | 200 length fine",
        "GET /next none | 200 length again",
      ]);
      expect(exchanges[0]?.request?.trailers).toEqual([{ name: "T", value: "1" }]);
    }
  });

  test("are paired when requests do not wait", () => {
    const played = talk()
      .open()
      .say(0, get("/1") + get("/2") + get("/3"))
      .say(1, ok("1") + ok("2") + ok("3"));
    expect(read(played).lines).toEqual([
      "GET /1 none | 200 length 1",
      "GET /2 none | 200 length 2",
      "GET /3 none | 200 length 3",
    ]);
  });

  test("know that a client asked to be told to continue", () => {
    const played = talk()
      .open()
      .say(0, "PUT /f HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
      .say(1, "HTTP/1.1 100 Continue\r\n\r\n")
      .say(0, "data")
      .say(1, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    expect(read(played).lines).toEqual(["PUT /f length data | 100 none | 201 none"]);
  });

  test.each([
    [
      "HEAD",
      "HEAD /h HTTP/1.1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
      "HEAD /h none | 200 none",
    ],
    ["204", get("/h"), "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET /h none | 204 none"],
    ["304", get("/h"), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET /h none | 304 none"],
  ])("that have no body whatever they say: %s", (_, request, response, line) => {
    const played = talk().open().say(0, request).say(1, response).say(0, get("/n")).say(1, ok("next"));
    expect(read(played).lines).toEqual([line, "GET /n none | 200 length next"]);
  });

  test("end with the connection where nothing else tells", () => {
    const played = talk().open().say(0, get("/")).say(1, "HTTP/1.0 200 OK\r\n\r\nall of ").say(1, "it");
    expect(read(played).lines).toEqual(["GET / none | 200 close! all of it"]);
    expect(read(played.close()).lines).toEqual(["GET / none | 200 close all of it"]);
  });

  test("of HTTP/0.9 have no head", () => {
    const { exchanges, lines } = read(
      talk().open().say(0, "GET /old\r\n").say(1, "<html>").say(1, "</html>").close(),
    );
    expect(lines).toEqual(["GET /old none | 0 close <html></html>"]);
    expect(exchanges[0]?.request).toMatchObject({ method: "GET", target: "/old", version: "0.9" });
  });

  test("may have bare line feeds, folded lines, and empty lines before them", () => {
    const played = talk().open().say(0, "\r\n\nGET / HTTP/1.1\nA: 1\n  2\n\t3\nB:\n\n").say(1, ok("x"));
    const { lines, exchanges } = read(played);
    expect(lines).toEqual(["GET / none | 200 length x"]);
    expect(exchanges[0]?.request?.headers).toEqual([
      { name: "A", value: "1 2 3" },
      { name: "B", value: "" },
    ]);
  });
});

describe("another protocol", () => {
  test("begins behind an upgrade", () => {
    const played = talk()
      .open()
      .say(0, get("/ws", "Connection: Upgrade", "Upgrade: websocket"))
      .say(1, "HTTP/1.1 101 Switching Protocols\r\n\r\nGET / HTTP/1.1\r\n\r\n")
      .say(0, "GET /no HTTP/1.1\r\n\r\n");
    const { lines, other } = read(played);
    expect(lines).toEqual(["GET /ws none | 101 none"]);
    expect(other).toEqual([61, 36]);
  });

  test("begins behind a CONNECT that was granted, and not behind one that was not", () => {
    const connect = "CONNECT x:443 HTTP/1.1\r\n\r\n";
    const granted = talk()
      .open()
      .say(0, connect)
      .say(1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
      .say(0, "\x16\x03");
    expect(read(granted)).toMatchObject({ lines: ["CONNECT x:443 none | 200 none"], other: [26, 38] });
    const refused = talk()
      .open()
      .say(0, connect)
      .say(1, "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno")
      .say(0, get("/"))
      .say(1, ok("x"));
    expect(read(refused).lines).toEqual(["CONNECT x:443 none | 407 length no", "GET / none | 200 length x"]);
  });
});

describe("contradictions", () => {
  test.each([
    ["Content-Length: 3\r\nContent-Length: 5", "length abc", /contradicts itself: 3, 5/],
    [
      "Content-Length: 3\r\nTransfer-Encoding: chunked",
      "chunked! ",
      /both Content-Length and Transfer-Encoding/,
    ],
    ["Content-Length: +3", "close! abc", /is no length: \+3/],
    ["Content-Length: 18446744073709551615", "close! abc", /is no length/],
    ["Transfer-Encoding: gzip", "close! abc", /does not end with chunked/],
  ])("are told: %s", (headers, body, note) => {
    const played = talk().open().say(0, get("/")).say(1, `HTTP/1.1 200 OK\r\n${headers}\r\n\r\nabc`);
    const { lines, exchanges } = read(played);
    expect(lines).toEqual([`GET / none | 200 ${body}`.trim()]);
    expect(exchanges[0]?.response?.notes.join()).toMatch(note);
  });

  test("a length said twice the same is a length", () => {
    const played = talk()
      .open()
      .say(0, get("/"))
      .say(1, "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc");
    expect(read(played).lines).toEqual(["GET / none | 200 length abc"]);
  });
});

describe("missing bytes", () => {
  const gapped = (head: string, ...tail: string[]) => {
    const played = talk().open().say(0, get("/")).say(1, head).say(1, "LOST").lose();
    for (const part of tail) played.say(1, part);
    return played.say(0, get("/next")).say(1, ok("next"));
  };

  test("in a body are a hole in their place", () => {
    const { lines, exchanges } = read(gapped("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "def"));
    expect(lines).toEqual(["GET / none | 200 length! abc____def", "GET /next none | 200 length next"]);
    expect(exchanges[0]?.response?.body.holes).toEqual([{ start: 3, end: 7 }]);
  });

  test("inside a chunk are a hole, and at its end make the rest unknown", () => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(read(gapped(`${head}a\r\nabc`, "def\r\n0\r\n\r\n")).lines).toEqual([
      "GET / none | 200 chunked! abc____def",
      "GET /next none | 200 length next",
    ]);
    const { lines, skipped } = read(gapped(`${head}5\r\nabc`, "def\r\n0\r\n\r\n"));
    expect(lines).toEqual(["GET / none | 200 chunked! abc____", "GET /next none | 200 length next"]);
    expect(skipped[1]).toHaveLength(1);
  });

  test("in a head end it, and the next message is found", () => {
    const { lines, exchanges } = read(gapped("HTTP/1.1 200 OK\r\nContent-", "gth: 3\r\n\r\nabc"));
    expect(lines).toEqual(["GET / none | 200 none!", "GET /next none | 200 length next"]);
    expect(exchanges[0]?.response?.notes).toEqual(["4 bytes of its head are missing at 25"]);
  });

  test("a response that was lost answers its own request, not the next", () => {
    const played = talk().open().say(0, get("/1")).say(1, ok("1")).lose().say(0, get("/2")).say(1, ok("2"));
    expect(read(played).lines).toEqual(["GET /1 none | -", "GET /2 none | 200 length 2"]);
  });

  test("one side alone is read", () => {
    const played = talk().open().say(0, get("/1")).say(1, ok("1")).say(0, get("/2")).say(1, ok("2"));
    const frames = played.frames.filter(({ bytes }) => bytes[29] === 2);
    expect(read({ ...played, frames }).lines).toEqual(["- | 200 length 1", "- | 200 length 2"]);
  });
});

describe("absurd input", () => {
  test("a line without an end is bounded", () => {
    const played = talk()
      .open()
      .say(0, `GET / HTTP/1.1\r\nA: ${"x".repeat(300_000)}\r\nB: 1\r\n\r\n`)
      .say(1, ok("x"));
    const { exchanges } = read(played);
    expect(exchanges[0]?.request?.headers[0]?.value.length).toBeLessThanOrEqual(65_536);
    expect(exchanges[0]?.request?.headers[1]).toEqual({ name: "B", value: "1" });
    expect(exchanges[0]?.request?.notes[0]).toMatch(/longer than 65536 bytes/);
  });

  test("headers without end are bounded", () => {
    const played = talk()
      .open()
      .say(0, `GET / HTTP/1.1\r\n${"A: 1\r\n".repeat(5_000)}\r\n`)
      .say(1, ok("x"));
    const { exchanges, lines } = read(played);
    expect(exchanges[0]?.request?.headers).toHaveLength(1_000);
    expect(lines).toEqual(["GET / none | 200 length x"]);
  });

  test("what is not HTTP is passed over and told", () => {
    const played = talk().open().say(0, "\x16\x03\x01 not\nthis\n").say(1, "SSH-2.0-x\r\n");
    const [conversation] = conversationsOf(played.frames);
    expect(looksLikeHttp(conversation!)).toBe(false);
    expect(read(played)).toMatchObject({
      lines: [],
      skipped: [[{ start: 0, end: 13 }], [{ start: 0, end: 11 }]],
    });
  });

  test("changed bytes never crash it, and every body lies in its stream", () => {
    const said = [
      get("/a") + get("/b"),
      `${ok("one")}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    ];
    for (let seed = 1; seed <= runs(300); seed++) {
      const random = chance(seed);
      const played = talk().open();
      for (const side of [0, 1] as const) {
        const bytes = Buffer.from(said[side]!, "latin1");
        for (let hit = 0; hit < 4; hit++) bytes[random.below(bytes.length)] = random.below(256);
        played.say(side, bytes, 1 + random.below(60));
        if (random.often(20)) played.lose();
      }
      const { exchanges } = read(played);
      for (const message of exchanges.flatMap(({ request, response }) => [request, response]))
        expect(
          message?.body.ranges.every(({ start, end }) => start < end && end <= said[message.side]!.length) ??
            true,
        ).toBe(true);
    }
  });
});
