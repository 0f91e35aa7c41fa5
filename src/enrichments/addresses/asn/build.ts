import { parseIpv4, parseIpv6Into } from "../../../core/ip.ts";
import { decodeText, encodeText } from "../../../core/text.ts";
import { BytesMap } from "../../bytes-map.ts";
import { flattenMmdb } from "../geo/mmdb.ts";
import { recordDecoder } from "../geo/place.ts";
import { RangeBuilder, type RangeTable, sharedBytes } from "../ranges.ts";
import type { AsnHandle } from "./database.ts";

const COMMA = 44;
const LINE_FEED = 10;
const SYSTEM = /^([0-9]+),(?:"(.*)"|(.*?))\r?$/s;

/** Reads tables of lines `first address,last address,number,organisation`, ascending; throws a plain Error at a line that is none. */
export function asnFromCsv(ipv4: Buffer, ipv6: Buffer): AsnHandle {
  const systems = new Systems();
  return systems.handle(readCsv(ipv4, 4, systems), readCsv(ipv6, 6, systems));
}

/** Takes a database of MaxMind's ASN form; throws a plain Error when it is none. */
export function asnFromMmdb(bytes: Buffer): AsnHandle {
  const flat = flattenMmdb(bytes);
  const decode = recordDecoder(flat.data);
  const systems = new Systems();
  const systemOf = Array.from(flat.records, (offset) => {
    const record = decode(offset) as Record<string, unknown> | null;
    const number = record?.autonomous_system_number;
    if (typeof number !== "number") throw new Error("its records have no autonomous_system_number");
    return systems.code(number, String(record?.autonomous_system_organization ?? ""));
  });
  for (const { values } of [flat.ipv4, flat.ipv6]) {
    for (const [index, value] of values.entries()) {
      if (value !== 0) values[index] = systemOf[value - 1] as number;
    }
  }
  return systems.handle(flat.ipv4, flat.ipv6);
}

function readCsv(bytes: Buffer, version: 4 | 6, systems: Systems): RangeTable {
  const builder = new RangeBuilder(version);
  const read = version === 4 ? readIpv4 : readIpv6;
  const words = new Uint32Array(8);
  const commas = [0, 0];
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    line++;
    let count = 0;
    let end = start;
    for (; end < bytes.length; end++) {
      const byte = bytes[end];
      if (byte === LINE_FEED) break;
      if (byte === COMMA && count < 2) commas[count++] = end;
    }
    const [first, second] = commas as [number, number];
    if (end > start) {
      if (count < 2 || !read(bytes, start, first, words, 0) || !read(bytes, first + 1, second, words, 4)) {
        throw new Error(`line ${line} is not "first address,last address,number,organisation"`);
      }
      builder.add(words[0] as number, words[1] as number, systems.codeOf(bytes, second + 1, end));
      const lastHigh = words[4] as number;
      const lastLow = words[5] as number;
      // A range ends at the address after its last one. After the last address there is, nothing has to end.
      if (version === 4) {
        if (lastHigh !== 0xffffffff) builder.add(lastHigh + 1, 0, 0);
      } else if (lastLow !== 0xffffffff) builder.add(lastHigh, lastLow + 1, 0);
      else if (lastHigh !== 0xffffffff) builder.add(lastHigh + 1, 0, 0);
    }
    start = end + 1;
  }
  return builder.build();
}

function readIpv4(bytes: Buffer, start: number, end: number, words: Uint32Array, at: number): boolean {
  const address = parseIpv4(bytes, start, end);
  words[at] = address;
  return address >= 0;
}

function readIpv6(bytes: Buffer, start: number, end: number, words: Uint32Array, at: number): boolean {
  return parseIpv6Into(bytes, start, end, words, at);
}

/** The distinct pairs of number and organisation. */
class Systems {
  readonly #codes = new Map<string, number>();
  readonly #numbers: number[] = [];
  readonly #names: string[] = [];
  /** Codes by the text of a line, which is not decoded when it recurs. */
  readonly #written = new BytesMap(1 << 18);

  code(number: number, name: string): number {
    const key = `${number},${name}`;
    let code = this.#codes.get(key);
    if (code === undefined) {
      this.#numbers.push(number);
      this.#names.push(name);
      code = this.#numbers.length;
      this.#codes.set(key, code);
    }
    return code;
  }

  /** The code of the system that bytes[start, end) state as `number,organisation`, the latter quoted or not. */
  codeOf(bytes: Buffer, start: number, end: number): number {
    const known = this.#written.get(bytes, start, end);
    if (known >= 0) return known;
    const [, number, quoted, plain = ""] = SYSTEM.exec(decodeText(bytes, start, end)) ?? [];
    const code = this.code(Number(number ?? 0), quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    this.#written.set(bytes, start, end, code);
    return code;
  }

  handle(ipv4: RangeTable, ipv6: RangeTable): AsnHandle {
    const numbers = new Uint32Array(new SharedArrayBuffer(this.#numbers.length * 4));
    numbers.set(this.#numbers);
    const encoded = this.#names.map(encodeText);
    const nameStarts = new Uint32Array(new SharedArrayBuffer((encoded.length + 1) * 4));
    let length = 0;
    for (const [index, name] of encoded.entries()) {
      length += name.length;
      nameStarts[index + 1] = length;
    }
    return { ipv4, ipv6, numbers, names: sharedBytes(Buffer.concat(encoded)), nameStarts };
  }
}
