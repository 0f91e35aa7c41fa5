import { describeLeftOut, type LeftOut } from "../../pcap/decode/decode.ts";
import { linkTypeName } from "../../pcap/decode/link-types.ts";
import type { CaptureReport } from "../../pcap/formats/report.ts";
import type { TakenState } from "./protocol.ts";

const INTERFACES_TOLD = 16;
const COMMENTS_TOLD = 3;
const PROBLEMS_TOLD = 100;
const NOTES_TOLD = 100;
const ETHERNET = 1;

/** What the report of a capture says in the form of the API. */
export function stateOf(
  report: CaptureReport,
): Pick<
  TakenState,
  | "format"
  | "interfaces"
  | "packets"
  | "bytes"
  | "first"
  | "last"
  | "unreadable"
  | "problems"
  | "problemCount"
  | "damage"
> {
  const { format, packing, earliest, latest } = report;
  return {
    ...(format !== undefined && { format: packing === undefined ? format : `${format}, ${packing}` }),
    interfaces: report.interfaces
      .slice(0, INTERFACES_TOLD)
      .map(({ name, linkType }) =>
        name === undefined ? linkName(linkType) : `${name}: ${linkName(linkType)}`,
      ),
    packets: report.packets,
    bytes: report.capturedBytes,
    ...(earliest !== undefined && { first: earliest / 1000 }),
    ...(latest !== undefined && { last: latest / 1000 }),
    unreadable: report.unreadable,
    problems: report.problems.map(({ at, text }) => ({ at, text })),
    problemCount: report.problemCount,
    damage: damageOf(report),
  };
}

function damageOf({ problemCount, unread, unreadable }: CaptureReport): string | undefined {
  if (problemCount === 0 && unread === 0 && unreadable === 0) return undefined;
  const all = [
    problemCount === 1 ? "it has a problem" : problemCount > 1 && `it has ${problemCount} problems`,
    unreadable > 0 && `${packets(unreadable)} could not be read`,
    unread > 0 && `${unread} bytes of it were passed over as damaged`,
  ];
  return all.filter((part) => part !== false).join("; ");
}

/** What else there is to say of a capture, a sentence for each kind; nothing of one that is as it should be. */
export function notesOf(report: CaptureReport, leftOut: LeftOut): string[] {
  const { backwards, largestStepBack, timeless, cut, overlong, comments, secrets } = report;
  const dropped = report.dropped.reduce((sum, number) => sum + number, 0) + report.droppedBetween;
  const all: (string | false)[] = [
    dropped > 0 && `the program that captured it says that it lost ${packets(dropped)}`,
    cut > 0 && `of ${packets(cut)} only the beginning was captured`,
    overlong > 0 && `${packets(overlong)} have more bytes than they say`,
    backwards > 0 &&
      `time runs backwards at ${packets(backwards)}, by ${(largestStepBack / 1e6).toFixed(6)} s at the most`,
    timeless > 0 && `${packets(timeless)} have no time that a clock shows, and got that of the packet before`,
    ...describeLeftOut(leftOut),
    ...[...report.skipped].map(([kind, count]) => `${count} blocks were passed over: ${kind}`),
    secrets.length > 0 && `${secrets.length} blocks of decryption secrets are kept with the packets`,
    ...comments.slice(0, COMMENTS_TOLD).map((comment) => `a comment of the capture: ${comment}`),
  ];
  return all.filter((note) => note !== false);
}

function linkName(linkType: number): string {
  return linkType === ETHERNET ? "Ethernet" : linkTypeName(linkType);
}

function packets(count: number): string {
  return count === 1 ? "1 packet" : `${count} packets`;
}

/** What an interface brought before it went away, and what it brings since it is back. */
export function addStates(
  one: TakenState | undefined,
  other: TakenState | undefined,
): TakenState | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const first = one.first ?? other.first;
  const last = other.last ?? one.last;
  return {
    ...other,
    read: one.read + other.read,
    packets: one.packets + other.packets,
    bytes: one.bytes + other.bytes,
    stored: one.stored + other.stored,
    flows: one.flows + other.flows,
    records: one.records + other.records,
    ...(first !== undefined && { first }),
    ...(last !== undefined && { last }),
    dropped: one.dropped + other.dropped,
    filtered: one.filtered + other.filtered,
    shortened: one.shortened + other.shortened,
    unreadable: one.unreadable + other.unreadable,
    problems: [...one.problems, ...other.problems].slice(0, PROBLEMS_TOLD),
    problemCount: one.problemCount + other.problemCount,
    notes: [...new Set([...one.notes, ...other.notes])].slice(0, NOTES_TOLD),
  };
}

/** Captures beyond the `kept` that ended last. One that runs is none of them, nor is one that took long and only just ended. */
export function endedLongestAgo<Ended extends { readonly endedAt?: number | undefined }>(
  captures: readonly Ended[],
  kept: number,
): Ended[] {
  return captures
    .flatMap((capture) => (capture.endedAt === undefined ? [] : [{ capture, endedAt: capture.endedAt }]))
    .sort((one, other) => other.endedAt - one.endedAt)
    .slice(kept)
    .map(({ capture }) => capture);
}
