import type { FixedPacketFilter, PacketQuestion } from "../../../api/packet-selection.ts";
import { AuthorError } from "../../../core/author-error.ts";
import { Fault } from "../../../core/fault.ts";
import { ipProtocolNumber } from "../../../core/ip-protocol.ts";
import { everyFilter, type PacketFilter } from "../../../pcap/filters/filter.ts";
import { compileFixedFilter } from "../../../pcap/filters/fixed.ts";
import { payloadSearch } from "../../../pcap/filters/search-filter.ts";
import { compileTcpdumpFilter } from "../../../pcap/filters/tcpdump/tcpdump-filter.ts";
import { placeOf } from "../../../query/place.ts";
import { readNetwork } from "../../../schema/address.ts";
import { check } from "../../../stellar/language/check.ts";
import { StellarError } from "../../../stellar/language/error.ts";
import { diagnosticOf } from "../../../stellar/language/report.ts";
import { compile } from "../../../stellar/run/compile.ts";
import type { Environment } from "../../../stellar/run/environment.ts";
import type { PacketQuery } from "../../../storage/packets/contract.ts";
import { type Needs, rangeOf, sharper } from "./needs.ts";
import { needsOfStellar } from "./needs-of-stellar.ts";
import { needsOfTcpdump } from "./needs-of-tcpdump.ts";
import { compileSearchLanguage } from "./search-language.ts";
import { compileStellarFilter, packetEnvironment } from "./stellar-filter.ts";

/** A question that can be asked of a store: what the index is asked for, and what each packet it finds must meet. */
export type CompiledQuestion = { readonly query: PacketQuery; readonly filter: PacketFilter };

/** What compiling needs from outside. */
export type QuestionServices = {
  /** Epoch milliseconds: what `now` means. */
  readonly now: number;
  /** Where expressions are evaluated; asked for when there is one. */
  readonly environment: () => Environment;
};

/**
 * Compiles a question. What is asked for by a message must have been put into it before.
 * @throws Fault QUERY_INVALID with the part that is wrong, its place and what to write instead
 */
export function compileQuestion(question: PacketQuestion, services: QuestionServices): CompiledQuestion {
  const { filter, payload, from, to } = question;
  if (from !== undefined && to !== undefined && from >= to)
    throw new Fault(
      "REQUEST_INVALID",
      `looking for packets: the time ends (${isoOf(to)}) before it begins (${isoOf(from)})`,
    );
  const filters: PacketFilter[] = [];
  let needs: Needs;
  const { fixed, search, bpf, stellar } = filter;
  if (fixed !== undefined) {
    filters.push(told("fixed", "", () => compileFixedFilter(fixed)));
    needs = needsOfFixed(fixed);
  }
  if (search !== undefined && search.trim() !== "") {
    const compiled = told("search", search, () => compileSearchLanguage(search, services.now));
    filters.push(compiled.filter);
    // Each filter may be met by another conversation of the packet, so what is known of them at once is one of them.
    needs = sharper(needs, compiled.needs);
  }
  if (bpf !== undefined && bpf.trim() !== "") {
    filters.push(told("bpf", bpf, () => compileTcpdumpFilter(bpf)));
    needs = sharper(needs, needsOfTcpdump(bpf));
  }
  if (stellar !== undefined && stellar.trim() !== "") {
    filters.push(
      told("stellar", stellar, () => {
        const environment = packetEnvironment(services.environment());
        refuseMistakes(stellar, environment);
        return compileStellarFilter(stellar, environment);
      }),
    );
    needs = sharper(needs, needsOfStellar(stellar));
  }
  if (payload !== undefined) {
    const { text, anyCase = false, hex, regex } = payload;
    const written = text ?? hex ?? regex ?? "";
    filters.push(
      told("payload", written, () =>
        payloadSearch(
          text !== undefined
            ? { text, isCaseless: anyCase }
            : hex !== undefined
              ? { hex }
              : { regex: written },
        ),
      ),
    );
  }
  const micros = { from: from && Math.round(from * 1000), to: to && Math.round(to * 1000) - 1 };
  return { query: { ...micros, needs }, filter: everyFilter(filters) };
}

/** Says of what is wrong with a part which part it is, and where. */
function told<Result>(part: string, text: string, compileIt: () => Result): Result {
  try {
    return compileIt();
  } catch (error) {
    if (error instanceof Fault && error.code === "QUERY_INVALID")
      throw new Fault("QUERY_INVALID", `reading \`${part}\` of a query for packets: ${error.message}`, {
        cause: error,
        details: { ...error.details },
      });
    if (!(error instanceof AuthorError)) throw error;
    const { span } = error;
    const place =
      span === undefined ? {} : { ...placeOf(text, span.start), length: Math.max(0, span.end - span.start) };
    throw new Fault("QUERY_INVALID", `reading \`${part}\` of a query for packets: ${error.message}`, {
      cause: error,
      details: place,
    });
  }
}

function refuseMistakes(text: string, environment: Environment): void {
  try {
    compile(text, environment);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    const { message, span } = diagnosticOf(text, error);
    throw new AuthorError(message, span);
  }
  const mistake = check(text, environment, { gives: "boolean" }).find(({ severity }) => severity === "error");
  if (mistake !== undefined) throw new AuthorError(mistake.message, mistake.span);
}

function needsOfFixed({
  ip_src_addr,
  ip_dst_addr,
  ip_src_port,
  ip_dst_port,
  protocol,
}: FixedPacketFilter): Needs {
  const addresses = [ip_src_addr, ip_dst_addr].flatMap((text) => {
    const network = text === undefined ? undefined : readNetwork(text.trim());
    return network === undefined ? [] : [rangeOf(network)];
  });
  const ports = [ip_src_port, ip_dst_port].filter((port) => port !== undefined);
  const number = protocol === undefined ? undefined : ipProtocolNumber(String(protocol).trim());
  if (addresses.length === 0 && ports.length === 0 && number === undefined) return undefined;
  return [
    {
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(ports.length === 0 ? {} : { ports }),
      ...(number === undefined ? {} : { protocol: number }),
    },
  ];
}

/** Whether a question looks into payload: what it finds then says what is in it. */
export function looksIntoPayload({ filter, payload }: PacketQuestion): boolean {
  return (
    payload !== undefined ||
    filter.fixed?.packet_filter !== undefined ||
    // Both may read any byte.
    (filter.stellar ?? "").trim() !== "" ||
    (filter.bpf ?? "").includes("[")
  );
}

/** A question in a line, for lists and notes of where packets come from. */
export function summaryOf({ filter, payload, from, to }: PacketQuestion): string {
  const { fixed, search, bpf, stellar, message } = filter;
  const parts = [
    ...Object.entries(fixed ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : `${name}=${value}`,
    ),
    search?.trim(),
    bpf?.trim() && `tcpdump: ${bpf.trim()}`,
    stellar?.trim() && `Stellar: ${stellar.trim()}`,
    message && `of message ${message}`,
    payload &&
      `payload ${Object.entries(payload)
        .map(([kind, value]) => `${kind} ${value}`)
        .join(", ")}`,
  ].filter((part) => part !== undefined && part !== "");
  const time =
    from === undefined && to === undefined
      ? ""
      : `, ${from === undefined ? "" : isoOf(from)}–${to === undefined ? "" : isoOf(to)}`;
  return `${parts.length === 0 ? "all packets" : parts.join(" and ")}${time}`;
}

const MOST_TIME = 8.64e15;

function isoOf(millis: number): string {
  return Math.abs(millis) <= MOST_TIME ? new Date(millis).toISOString() : String(millis);
}
