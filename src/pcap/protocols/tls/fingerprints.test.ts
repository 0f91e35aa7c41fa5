import { describe, expect, test } from "vitest";
import { ja3, ja3s, ja4 } from "./fingerprints.ts";
import type { ClientHello } from "./hello.ts";

const list = (text: string): readonly number[] => text.split(",").map((word) => Number.parseInt(word, 16));

/** The hello of the specification's example, in the order in which it was sent, with values that must be passed over. */
const EXAMPLE: ClientHello = {
  version: 0x0303,
  sessionId: new Uint8Array(0),
  suites: list("1a1a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"),
  extensions: list(
    "2a2a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,3a3a",
  ),
  serverName: "example.com",
  protocols: [Buffer.from("h2"), Buffer.from("http/1.1")],
  groups: list("0a0a,001d,0017,0018"),
  pointFormats: [0],
  signatures: list("0403,0804,0401,0503,0805,0501,0806,0601"),
  versions: list("4a4a,0304,0303"),
};

describe("JA4 (https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md)", () => {
  test("the example of the specification", () => {
    expect(ja4(EXAMPLE, "t")).toBe("t13d1516h2_8daaf6152771_e5627efa2ab1");
  });

  test.each([
    ["QUIC", { ...EXAMPLE }, "q", /^q13d1516h2_8daaf6152771_e5627efa2ab1$/],
    [
      "no server name",
      { ...EXAMPLE, extensions: EXAMPLE.extensions.filter((type) => type !== 0) },
      "t",
      /^t13i1515h2_/,
    ],
    ["the version of old hellos", { ...EXAMPLE, versions: [] }, "t", /^t12d1516h2_/],
    ["SSL 3", { ...EXAMPLE, versions: [], version: 0x0300 }, "t", /^ts3d/],
    ["a version nobody knows", { ...EXAMPLE, versions: [], version: 0x0399 }, "t", /^t00d/],
    ["no suites", { ...EXAMPLE, suites: [] }, "t", /^t13d0016h2_000000000000_/],
    [
      "no extensions",
      { ...EXAMPLE, extensions: [], protocols: [] },
      "t",
      /^t13i150000_8daaf6152771_000000000000$/,
    ],
    [
      "more than can be counted",
      { ...EXAMPLE, suites: Array.from({ length: 150 }, (_, at) => at) },
      "t",
      /^t13d9916h2_/,
    ],
  ] as const)("%s", (_name, hello, transport, expected) => {
    expect(ja4(hello, transport)).toMatch(expected);
  });

  test("without signatures, the list of extensions ends without an underscore", () => {
    const one = ja4({ ...EXAMPLE, signatures: [] }, "t");
    // SHA-256 of the extensions alone, as `printf 0005,000a,… | sha256sum` has it.
    expect(one).toBe(`t13d1516h2_8daaf6152771_6d807ffa2a79`);
  });

  test.each([
    ["h2", "h2"],
    ["http/1.1", "h1"],
    ["x", "xx"],
    ["\xab", "ab"],
    ["\xab\xcd", "ad"],
    ["0\xab", "3b"],
    ["01\xab\xcd", "3d"],
    ["0\xab\xcd1", "01"],
    ["", "00"],
  ])("the protocol %j is told as %s", (protocol, expected) => {
    const hello = { ...EXAMPLE, protocols: [Buffer.from(protocol, "latin1")] };
    expect(ja4(hello, "t").slice(8, 10)).toBe(expected);
  });
});

test("JA3 and JA3S are MD5 of their lists without values that only test tolerance", () => {
  // The example of https://github.com/salesforce/ja3.
  const hello: ClientHello = {
    ...EXAMPLE,
    version: 769,
    suites: [0x0a0a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
    extensions: [0, 10, 11],
    groups: [23, 24, 25],
    pointFormats: [0],
  };
  expect(ja3(hello)).toBe("ada70206e40642a3e4461f35503241d5");
  const server = {
    version: 769,
    legacyVersion: 769,
    isRetry: false,
    sessionId: new Uint8Array(0),
    suite: 47,
    extensions: [65281, 0, 11, 35, 5, 16],
    protocol: undefined,
    group: undefined,
    isPreShared: false,
  };
  // As `printf 769,47,65281-0-11-35-5-16 | md5sum` has it.
  expect(ja3s(server)).toBe("836ce314215654b5b1f85f97c73e506f");
});
