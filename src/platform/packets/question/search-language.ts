import { Fault } from "../../../core/fault.ts";
import { ipProtocolNumber } from "../../../core/ip-protocol.ts";
import type { Block, PacketFilter } from "../../../pcap/filters/filter.ts";
import { FieldNames, fieldKey } from "../../../query/fields.ts";
import { HOW_TO_WRITE_TIMES, type Moment, parseMoment } from "../../../query/moment.ts";
import { parse } from "../../../query/parse.ts";
import type { Place } from "../../../query/place.ts";
import type { Bound, Network, Pattern, Range, Term } from "../../../query/tree.ts";
import { visit } from "../../../query/visit.ts";
import { readAddress, readNetwork } from "../../../schema/address.ts";
import { numberOf } from "../../../schema/number-of.ts";
import type { AddressRange, PacketNeed } from "../../../storage/packets/contract.ts";
import { PACKET_FIELDS, type PacketField } from "./fields.ts";
import { bothOf, eitherOf, type Needs, NOTHING, rangeBetween, rangeOf, wordsOf } from "./needs.ts";
import { wildcards } from "./wildcards.ts";

/** A filter, and what the index can rule out of it. */
export type Compiled = { readonly filter: PacketFilter; readonly needs: Needs };

/** Whether one conversation of a packet is what is looked for. */
type RowTest = (block: Block, packet: number, row: number) => boolean;

type Part = { readonly test: RowTest; readonly needs: Needs };

const NAMES = new FieldNames(PACKET_FIELDS.keys());

/**
 * Compiles a search over fields of packets: a packet is found when one of its conversations, its own or one in a tunnel, meets all of it. An
 * address without a field is one of either end; other words need a field.
 *
 * @param now what `now` means in times, epoch milliseconds
 * @throws Fault QUERY_INVALID with the place
 */
export function compileSearchLanguage(text: string, now: number): Compiled {
  const { test, needs } = visit<Part>(parse(text), {
    all: () => ({ test: () => true, needs: undefined }),
    term: (term) => ofTerm(term, now),
    pattern: ofPattern,
    range: (range) => ofRange(range, now),
    exists: ({ field, place }) => ofExists(fieldOf(field, place)),
    network: ofNetwork,
    and: (parts) => ({
      test: (block, packet, row) => parts.every((part) => part.test(block, packet, row)),
      needs: parts.map((part) => part.needs).reduce(bothOf, undefined),
    }),
    or: (parts) => ({
      test: (block, packet, row) => parts.some((part) => part.test(block, packet, row)),
      needs: parts.map((part) => part.needs).reduce(eitherOf, NOTHING),
    }),
    not: (part) => ({ test: (block, packet, row) => !part.test(block, packet, row), needs: undefined }),
  });
  return {
    needs,
    filter: (block, packet, first, end) => {
      for (let row = first; row < end; row++) if (test(block, packet, row)) return true;
      return false;
    },
  };
}

function ofTerm({ field: name, value, place }: Term, now: number): Part {
  const address = name === undefined ? readAddress(value) : undefined;
  if (name === undefined && address === undefined)
    throw wrong(
      `\`${value}\` is in no field: packets are searched by fields, such as \`ip_src_addr:10.0.0.1\`, and payload apart`,
      place,
    );
  const field = fieldOf(name ?? "ip_addr", place);
  switch (field.type) {
    case "address": {
      const network = readNetwork(value);
      if (network === undefined) throw wrong(`\`${value}\` is no address and no network`, place);
      return within(field, rangeOf(network));
    }
    case "number": {
      const number = numberIn(field, value, place);
      return {
        test: (block, packet, row) => field.read(block, packet, row) === number,
        needs: needOf(field, number),
      };
    }
    case "word": {
      const test: RowTest = (block, packet, row) => field.read(block, packet, row) === value;
      return { test, needs: field.index === undefined ? undefined : [{ [field.index]: value }] };
    }
    case "time": {
      const moment = momentIn(value, now, place);
      return during(moment.from * 1000, moment.to * 1000);
    }
  }
}

function ofPattern({ field: name, parts, place }: Pattern): Part {
  const field = name === undefined ? undefined : fieldOf(name, place);
  if (field?.type !== "word")
    throw wrong(
      "wildcards are for texts; write a network or a range, such as 10.0.0.0/8 or [1 TO 99]",
      place,
    );
  const matches = wildcards(parts);
  return {
    test: (block, packet, row) => {
      const value = field.read(block, packet, row);
      return value !== undefined && matches(value);
    },
    needs: undefined,
  };
}

function ofRange({ field: name, from, to, place }: Range, now: number): Part {
  const field = fieldOf(name, place);
  switch (field.type) {
    case "address":
      return addressesBetween(field, from, to, place);
    case "number": {
      const low = from === undefined ? undefined : numberIn(field, from.value, from.place ?? place);
      const high = to === undefined ? undefined : numberIn(field, to.value, to.place ?? place);
      return {
        test: (block, packet, row) => {
          const value = field.read(block, packet, row);
          if (value === undefined) return false;
          if (low !== undefined && (from?.inclusive ? value < low : value <= low)) return false;
          return high === undefined || (to?.inclusive ? value <= high : value < high);
        },
        needs: undefined,
      };
    }
    case "time": {
      const low = from === undefined ? undefined : momentIn(from.value, now, from.place ?? place);
      const high = to === undefined ? undefined : momentIn(to.value, now, to.place ?? place);
      return during(
        low && (from?.inclusive ? low.from : low.to) * 1000,
        high && (to?.inclusive ? high.to : high.from) * 1000,
      );
    }
    case "word":
      throw wrong(`\`${name}\` has no order, so it has no ranges`, place);
  }
}

function ofNetwork({ field: name, address, bits, place }: Network): Part {
  const field = fieldOf(name, place);
  const network = readNetwork(`${address}/${bits}`);
  if (field.type !== "address" || network === undefined)
    throw wrong(`\`${name}\` is no address, so it is in no network`, place);
  return within(field, rangeOf(network));
}

function ofExists(field: PacketField): Part {
  switch (field.type) {
    case "address":
      return { test: ({ layers }, _packet, row) => layers.version[row] !== 0, needs: undefined };
    case "time":
      return { test: () => true, needs: undefined };
    default:
      return {
        test: (block, packet, row) => field.read(block, packet, row) !== undefined,
        needs: undefined,
      };
  }
}

type AddressField = Extract<PacketField, { readonly type: "address" }>;

/** An end has an address of a range. */
function within(field: AddressField, range: AddressRange): Part {
  const { version, from, to } = range;
  return {
    test: ({ layers }, _packet, row) =>
      layers.version[row] === version &&
      field.ends.some((end) => compared(layers[end], row, from) >= 0 && compared(layers[end], row, to) <= 0),
    needs: [{ addresses: [range] }],
  };
}

function addressesBetween(
  field: AddressField,
  from: Bound | undefined,
  to: Bound | undefined,
  place: Place | undefined,
): Part {
  const [low, high] = [from, to].map((bound) => {
    const address = bound && readAddress(bound.value);
    if (bound !== undefined && address === undefined)
      throw wrong(`\`${bound.value}\` is no address`, bound.place ?? place);
    return address;
  });
  const version = typeof (low ?? high) === "number" ? 4 : 6;
  if (low !== undefined && high !== undefined && typeof low !== typeof high)
    throw wrong("the ends of the range are of two versions of IP", place);
  const lowest = low ?? (version === 4 ? 0 : ([0, 0, 0, 0] as const));
  const last = 0xffff_ffff;
  const highest = high ?? (version === 4 ? last : ([last, last, last, last] as const));
  const { test, needs } = within(field, rangeBetween(lowest, highest));
  const excluded = [
    ...(low !== undefined && from?.inclusive === false ? [wordsOf(low)] : []),
    ...(high !== undefined && to?.inclusive === false ? [wordsOf(high)] : []),
  ];
  if (excluded.length === 0) return { test, needs };
  return {
    needs,
    test: (block, packet, row) =>
      test(block, packet, row) &&
      field.ends.some((end) => {
        const words = block.layers[end];
        return (
          compared(words, row, wordsOf(lowest)) >= 0 &&
          compared(words, row, wordsOf(highest)) <= 0 &&
          !excluded.some((each) => compared(words, row, each) === 0)
        );
      }),
  };
}

/** Packets from, and up to but not including, a time in microseconds. */
function during(from: number | undefined, to: number | undefined): Part {
  return {
    test: ({ packets }, packet) => {
      const micros = packets.micros[packet] as number;
      return (from === undefined || micros >= from) && (to === undefined || micros < to);
    },
    needs: undefined,
  };
}

function needOf(field: Extract<PacketField, { type: "number" }>, number: number): Needs {
  const { index } = field;
  if (index === undefined) return undefined;
  const need: PacketNeed = index === "port" ? { ports: [number] } : { [index]: number };
  return [need];
}

/** Below 0 when the address of a row comes before another, above 0 when behind it. */
function compared(words: Uint32Array, row: number, other: readonly number[]): number {
  for (let word = 0; word < 4; word++) {
    const difference = (words[4 * row + word] as number) - (other[word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function fieldOf(name: string, place: Place | undefined): PacketField {
  const field = PACKET_FIELDS.get(fieldKey(name));
  if (field !== undefined) return field;
  const suggestion = NAMES.near(name)[0];
  const better = suggestion === undefined ? "they" : `did you mean \`${suggestion}\`? They`;
  throw wrong(
    `packets have no field \`${name}\`; ${better} have ${[...PACKET_FIELDS.keys()].join(", ")}`,
    place,
    { length: name.length, suggestion },
  );
}

function numberIn(field: PacketField, text: string, place: Place | undefined): number {
  const number = field.name === "protocol" ? ipProtocolNumber(text) : numberOf(text);
  if (number === undefined)
    throw wrong(
      field.name === "protocol"
        ? `\`${text}\` is no IP protocol: write its number, up to 255, or its name`
        : `\`${text}\` is no number, and \`${field.name}\` is one`,
      place,
    );
  return Number(number);
}

function momentIn(text: string, now: number, place: Place | undefined): Moment {
  const number = numberOf(text);
  if (number !== undefined) return { from: Number(number), to: Number(number) + 1 };
  const moment = parseMoment(text, now);
  if (moment === undefined)
    throw wrong(`\`${text}\` is no time: write epoch milliseconds, or ${HOW_TO_WRITE_TIMES}`, place);
  return moment;
}

function wrong(message: string, place: Place | undefined, more: Record<string, unknown> = {}): Fault {
  return new Fault("QUERY_INVALID", message, { details: { ...place, ...more } });
}
