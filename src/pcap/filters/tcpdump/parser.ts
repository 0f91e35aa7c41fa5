import type { AuthorError } from "../../../core/author-error.ts";
import { parseArithmetic } from "./arithmetic-parser.ts";
import { PORTS, PROTOCOLS, UNREAD } from "./names.ts";
import { type Head, primitiveOf } from "./primitives.ts";
import { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";
import type { Comparison, Direction, Filter, Link, Primitive, Qualifier } from "./tree.ts";

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ["<", "<"],
  ["<=", "<="],
  ["=", "="],
  ["==", "="],
  ["!=", "!="],
  [">=", ">="],
  [">", ">"],
]);
const OPERATORS: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"]);

/** Filters joined by AND and OR. */
const MOST_FILTERS = 1000;

/** A filter, and the words before its last value: a value that follows alone takes them over (`port 80 or 443`). */
type Read = { readonly filter: Filter; readonly head: Head | undefined };

/**
 * Reads a filter in the language of pcap-filter(7). AND and OR bind alike, from the left, and NOT more strongly.
 * @throws AuthorError with the place of the first mistake and what to write instead
 */
export function parseTcpdumpFilter(text: string): Filter {
  const reader = new TokenReader(text);
  const { filter } = expression(reader);
  if (reader.next.kind === "end") return filter;
  if (reader.next.text === ")")
    throw reader.mistake("This ) closes nothing: remove it or add a ( before.", reader.next.span);
  throw unexpected(reader, reader.next);
}

function expression(reader: TokenReader): Read {
  let { filter, head } = term(reader);
  const rest: Link[] = [];
  for (;;) {
    const operator = takeOperator(reader);
    if (operator === undefined) break;
    if (rest.length === MOST_FILTERS)
      throw reader.mistake(`A filter joins at most ${MOST_FILTERS} others.`, reader.next.span);
    const read = isValue(reader, head) ? value(reader, head) : term(reader);
    rest.push({ operator, filter: read.filter });
    head = read.head;
  }
  if (rest.length > 0) filter = { kind: "chain", first: filter, rest };
  return { filter, head };
}

function takeOperator(reader: TokenReader): "and" | "or" | undefined {
  if (reader.takeIf("and") || reader.takeIf("&&")) return "and";
  return reader.takeIf("or") || reader.takeIf("||") ? "or" : undefined;
}

/** Whether a value without words before it comes next: a number, an address, a name of nothing else, or a NOT of one. */
function isValue(reader: TokenReader, head: Head | undefined): boolean {
  let distance = 0;
  while (isNot(reader.ahead(distance))) distance++;
  const token = reader.ahead(distance);
  const behind = reader.ahead(distance + 1);
  switch (token.kind) {
    case "number":
    case "range":
      return !isArithmetic(behind);
    case "address4":
    case "address6":
    case "hardware":
    case "name":
      return true;
    case "word":
      return head?.type === "port" && PORTS.has(token.text);
    default:
      return false;
  }
}

function isNot(token: Token): boolean {
  return token.text === "not" || token.text === "!";
}

function isArithmetic(token: Token): boolean {
  return token.kind === "sign" && (COMPARISONS.has(token.text) || OPERATORS.has(token.text));
}

/** A value that takes over the words before the last one. */
function value(reader: TokenReader, head: Head | undefined): Read {
  if (reader.takeIf("not") || reader.takeIf("!")) {
    const { filter } = reader.nested(() => value(reader, head));
    return { filter: { kind: "not", filter }, head };
  }
  const token = reader.next;
  if (head === undefined)
    throw reader.mistake(`What is ${token.text}? Write host, net, port or proto before it.`, token.span);
  return { filter: primitiveOf(reader, head), head };
}

function term(reader: TokenReader): Read {
  const token = reader.next;
  if (reader.takeIf("not") || reader.takeIf("!")) {
    const { filter, head } = reader.nested(() => term(reader));
    return { filter: { kind: "not", filter }, head };
  }
  if (token.text === "(" && token.kind === "sign" && !isArithmetic(reader.behindParenthesis())) {
    reader.take();
    const inner = reader.nested(() => expression(reader));
    reader.expect(")");
    return inner;
  }
  if (startsRelation(reader)) return { filter: relation(reader), head: undefined };
  return primitive(reader);
}

function startsRelation(reader: TokenReader): boolean {
  const { kind, text } = reader.next;
  if (kind === "number" || kind === "range") return true;
  if (kind === "sign") return text === "(" || text === "-";
  return text === "len" || (PROTOCOLS.has(text) && reader.ahead(1).text === "[");
}

function relation(reader: TokenReader): Primitive {
  const { start } = reader.next.span;
  const left = parseArithmetic(reader);
  const sign = reader.take();
  const operator = sign.kind === "sign" ? COMPARISONS.get(sign.text) : undefined;
  if (operator === undefined)
    throw reader.mistake("A comparison is missing here: = != < <= > or >=.", sign.span);
  const right = parseArithmetic(reader);
  return { kind: "relation", operator, left, right, span: { start, end: sign.span.end } };
}

function primitive(reader: TokenReader): Read {
  const token = reader.next;
  const only = single(reader, token);
  if (only !== undefined) return { filter: only, head: undefined };
  const qualifier = takeQualifier(reader);
  const cast = takeCast(reader, token, qualifier);
  if (cast !== undefined) return { filter: cast, head: undefined };
  const direction = takeDirection(reader);
  const type = takeType(reader);
  if (direction === undefined && type === undefined) {
    if (qualifier === undefined) throw unexpected(reader, token);
    if (qualifier.protocol.kind === "link")
      throw reader.mistake(
        `${token.text} alone says nothing: write ${token.text} host or ${token.text} proto.`,
        token.span,
      );
    return { filter: { kind: "protocol", qualifier, span: token.span }, head: undefined };
  }
  const head: Head = { qualifier, direction: direction ?? "either", type };
  const filter = reader.next.text === "(" ? list(reader, head) : primitiveOf(reader, head);
  return { filter, head };
}

/** Values in parentheses behind the words for all of them: `port (80 or 443)`. */
function list(reader: TokenReader, head: Head): Filter {
  reader.take();
  const inner = reader.nested(() => {
    const read = (): Filter => {
      if (reader.takeIf("not") || reader.takeIf("!")) return { kind: "not", filter: reader.nested(read) };
      return reader.next.text === "(" ? reader.nested(() => list(reader, head)) : primitiveOf(reader, head);
    };
    const first = read();
    const rest: Link[] = [];
    for (;;) {
      const operator = takeOperator(reader);
      if (operator === undefined) return rest.length === 0 ? first : { kind: "chain" as const, first, rest };
      rest.push({ operator, filter: read() });
    }
  });
  reader.expect(")");
  return inner;
}

/** Conditions that begin with a word of their own. */
function single(reader: TokenReader, { text, kind, span }: Token): Primitive | undefined {
  if (kind !== "word") return undefined;
  switch (text) {
    case "vlan":
    case "mpls":
    case "pppoes": {
      reader.take();
      const isNumbered = reader.next.kind === "number" && !isArithmetic(reader.ahead(1));
      return { kind: text, number: isNumbered ? numberOf(reader) : undefined, span };
    }
    case "pppoed":
      reader.take();
      return {
        kind: "number",
        number: 0x8863,
        qualifier: { name: "ether", protocol: { kind: "link" } },
        span,
      };
    case "less":
    case "greater": {
      reader.take();
      const right = { kind: "constant", value: numberOf(reader) } as const;
      return {
        kind: "relation",
        operator: text === "less" ? "<=" : ">=",
        left: { kind: "length" },
        right,
        span,
      };
    }
    case "inbound":
    case "outbound":
      reader.take();
      return { kind: "outbound", isInbound: text === "inbound", span };
    case "broadcast":
    case "multicast":
      reader.take();
      return { kind: text, span };
    default:
      return undefined;
  }
}

/** `broadcast` and `multicast` behind a protocol. */
function takeCast(
  reader: TokenReader,
  { span }: Token,
  qualifier: Qualifier | undefined,
): Primitive | undefined {
  const { text } = reader.next;
  if (qualifier === undefined || (text !== "broadcast" && text !== "multicast")) return undefined;
  reader.take();
  const isLink = qualifier.protocol.kind === "link";
  if (text === "broadcast" && !isLink)
    throw reader.mistake("The networks of a capture are not known: write dst host and the address.", span);
  if (!isLink && qualifier.name !== "ip" && qualifier.name !== "ip6")
    throw reader.mistake(`${qualifier.name} has no multicast: ether, ip and ip6 have.`, span);
  return text === "broadcast" ? { kind: text, span } : { kind: text, qualifier, span };
}

function numberOf(reader: TokenReader): number {
  const token = reader.take();
  if (token.kind === "number") return token.value;
  throw reader.mistake("A number is missing here.", token.span);
}

function takeQualifier(reader: TokenReader): Qualifier | undefined {
  const { kind, text } = reader.next;
  const protocol = kind === "word" ? PROTOCOLS.get(text) : undefined;
  if (protocol === undefined) return undefined;
  reader.take();
  return { name: text, protocol };
}

function takeDirection(reader: TokenReader): Direction | undefined {
  const { text } = reader.next;
  if (text !== "src" && text !== "dst") return undefined;
  reader.take();
  const other = text === "src" ? "dst" : "src";
  if (reader.ahead(1).text !== other) return text;
  const operator = takeOperator(reader);
  if (operator === undefined) return text;
  reader.take();
  return operator === "and" ? "both" : "either";
}

function takeType(reader: TokenReader): Head["type"] {
  const { text } = reader.next;
  switch (text) {
    case "host":
    case "net":
    case "port":
    case "portrange":
    case "proto":
      reader.take();
      return text;
    default:
      return undefined;
  }
}

function unexpected(reader: TokenReader, { kind, text, span }: Token): AuthorError {
  if (kind === "end") return reader.mistake("The filter ends where a condition should follow.", span);
  const advice = UNREAD.get(text);
  if (advice !== undefined) return reader.mistake(`${text} is not read here. ${advice}`, span);
  if (kind === "word")
    return reader.mistake(
      `${text} is no word of a filter. Conditions are such as host 192.0.2.1, port 80, tcp or vlan 5, joined by and, or, not.`,
      span,
    );
  return reader.mistake(`A condition should be here, such as host 192.0.2.1 or port 80, not ${text}.`, span);
}
