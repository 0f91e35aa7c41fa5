/** Fingerprints of handshakes: JA3 and JA3S (https://github.com/salesforce/ja3), JA4 (https://github.com/FoxIO-LLC/ja4). */
import { hash } from "node:crypto";
import type { ClientHello, ServerHello } from "./hello.ts";

const SERVER_NAME = 0x0000;
const ALPN = 0x0010;
const MOST_COUNTED = 99;
const NO_HASH = "000000000000";

/** Values that clients put in to keep servers tolerant (RFC 8701). */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

export function ja3(hello: ClientHello): string {
  const { version, suites, extensions, groups, pointFormats } = hello;
  const lists = [suites, extensions, groups, pointFormats].map((list) =>
    list.filter((value) => !isGrease(value)).join("-"),
  );
  return hash("md5", `${version},${lists.join(",")}`);
}

export function ja3s({ legacyVersion, suite, extensions }: ServerHello): string {
  return hash("md5", `${legacyVersion},${suite},${extensions.filter((value) => !isGrease(value)).join("-")}`);
}

/** @param transport `t` of TCP, `q` of QUIC, `d` of DTLS */
export function ja4(hello: ClientHello, transport: "t" | "q" | "d"): string {
  const suites = hello.suites.filter((value) => !isGrease(value));
  const extensions = hello.extensions.filter((value) => !isGrease(value));
  const signatures = hello.signatures.filter((value) => !isGrease(value));
  const versions = hello.versions.filter((value) => !isGrease(value));
  // Versions of DTLS count downwards.
  const latest = transport === "d" ? Math.min : Math.max;
  const version = versions.length > 0 ? latest(...versions) : hello.version;
  const name = extensions.includes(SERVER_NAME) ? "d" : "i";
  const sorted = extensions.filter((value) => value !== SERVER_NAME && value !== ALPN).toSorted(byValue);
  const suiteHash = shortHash(suites.toSorted(byValue).map(hex4).join(","));
  const signed = signatures.length > 0 ? `_${signatures.map(hex4).join(",")}` : "";
  const extensionHash = extensions.length > 0 ? shortHash(sorted.map(hex4).join(",") + signed) : NO_HASH;
  const counts = count(suites.length) + count(extensions.length);
  const head = `${transport}${versionCode(version)}${name}${counts}${alpnCode(hello.protocols[0])}`;
  return `${head}_${suiteHash}_${extensionHash}`;
}

function versionCode(version: number): string {
  switch (version) {
    case 0x0304:
      return "13";
    case 0x0303:
      return "12";
    case 0x0302:
      return "11";
    case 0x0301:
      return "10";
    case 0x0300:
      return "s3";
    case 0x0002:
      return "s2";
    case 0xfeff:
      return "d1";
    case 0xfefd:
      return "d2";
    case 0xfefc:
      return "d3";
    default:
      return "00";
  }
}

/** The first and the last character of a protocol; where one is no letter or digit of ASCII, the first and the last of its bytes in hexadecimal. */
function alpnCode(protocol: Uint8Array | undefined): string {
  if (protocol === undefined || protocol.length === 0) return "00";
  const text = Buffer.from(protocol).toString("latin1");
  const ends = text.charAt(0) + text.charAt(text.length - 1);
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  const digits = Buffer.from(protocol).toString("hex");
  return digits.charAt(0) + digits.charAt(digits.length - 1);
}

function shortHash(text: string): string {
  return text === "" ? NO_HASH : hash("sha256", text).slice(0, NO_HASH.length);
}

const byValue = (one: number, other: number): number => one - other;
const hex4 = (value: number): string => value.toString(16).padStart(4, "0");
const count = (number: number): string => String(Math.min(number, MOST_COUNTED)).padStart(2, "0");
