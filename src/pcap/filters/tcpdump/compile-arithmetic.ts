import { hasProtocol, isWhole } from "./compile-protocol.ts";
import { both, equals, type Frame, type Load, OUTSIDE, read, type Test } from "./frame.ts";
import { fromNetwork, hasType, type Layout, networkOf } from "./layout.ts";
import { IPV4, IPV6 } from "./names.ts";
import type { Arithmetic, Comparison, Operator } from "./tree.ts";

const IPV6_HEADER = 40;
const ICMP6 = 58;

/** A number, and what the packet must be so that its bytes are what they are called. */
type Compiled = { readonly load: Load; readonly needs: readonly Test[] };

/** Compiles a comparison. A packet that is not of the protocol whose bytes are read does not match. */
export function compileRelation(
  layout: Layout,
  operator: Comparison,
  left: Arithmetic,
  right: Arithmetic,
): Test {
  const one = compile(layout, left);
  const other = compile(layout, right);
  const compare: Test = (frame) => {
    const first = one.load(frame);
    const second = first < 0 ? -1 : other.load(frame);
    if (second < 0) return OUTSIDE;
    return isSo(operator, first, second) ? 1 : 0;
  };
  return [...one.needs, ...other.needs].reduceRight((test, need) => both(need, test), compare);
}

function isSo(operator: Comparison, first: number, second: number): boolean {
  switch (operator) {
    case "<":
      return first < second;
    case "<=":
      return first <= second;
    case "=":
      return first === second;
    case "!=":
      return first !== second;
    case ">=":
      return first >= second;
    case ">":
      return first > second;
  }
}

function compile(layout: Layout, expression: Arithmetic): Compiled {
  switch (expression.kind) {
    case "constant":
      return { load: () => expression.value, needs: [] };
    case "length":
      return { load: (frame) => frame.wire, needs: [] };
    case "negative": {
      const { load, needs } = compile(layout, expression.operand);
      return { load: unless(load, (value) => -value >>> 0), needs };
    }
    case "bytes":
      return compileBytes(layout, expression);
    case "operation": {
      const left = compile(layout, expression.left);
      const right = compile(layout, expression.right);
      // What the right side needs is not asked: tcpdump does not either, so `ip[2:2] - tcp[12]` is about every packet of IPv4.
      return { load: operation(expression.operator, left.load, right.load), needs: left.needs };
    }
  }
}

function unless(load: Load, change: (value: number) => number): Load {
  return (frame) => {
    const value = load(frame);
    return value < 0 ? -1 : change(value);
  };
}

function operation(operator: Operator, left: Load, right: Load): Load {
  return (frame) => {
    const first = left(frame);
    const second = first < 0 ? -1 : right(frame);
    return second < 0 ? -1 : calculate(operator, first, second);
  };
}

/** Without signs, in 32 bits. A packet that divides by 0 does not pass. */
function calculate(operator: Operator, first: number, second: number): number {
  switch (operator) {
    case "+":
      return (first + second) >>> 0;
    case "-":
      return (first - second) >>> 0;
    case "*":
      return Math.imul(first, second) >>> 0;
    case "/":
      return second === 0 ? -1 : Math.floor(first / second);
    case "%":
      return second === 0 ? -1 : first % second;
    case "&":
      return (first & second) >>> 0;
    case "|":
      return (first | second) >>> 0;
    case "^":
      return (first ^ second) >>> 0;
    case "<<":
      return second > 31 ? 0 : (first << second) >>> 0;
    case ">>":
      return second > 31 ? 0 : first >>> second;
  }
}

function compileBytes(
  layout: Layout,
  { qualifier, offset, size }: Arithmetic & { readonly kind: "bytes" },
): Compiled {
  const { protocol } = qualifier;
  const index = compile(layout, offset);
  const from = (base: (frame: Frame) => number): Load => unlessBefore(index.load, base, size);
  switch (protocol.kind) {
    case "link":
      return { load: from((frame) => frame.start), needs: index.needs };
    case "etherType":
      return { load: from(networkOf(layout)), needs: [...index.needs, hasType(layout, protocol.type)] };
    case "ip": {
      if (protocol.version === 6 && protocol.number === ICMP6) {
        const network = networkOf(layout);
        const isIcmp6 = equals(fromNetwork(layout, 6, 1), ICMP6);
        return {
          load: from((frame) => network(frame) + IPV6_HEADER),
          needs: [...index.needs, hasType(layout, IPV6), isIcmp6],
        };
      }
      // As in tcpdump, of IPv4 alone, and not in later fragments.
      const needs = [hasType(layout, IPV4), ...index.needs, hasProtocol(layout, protocol), isWhole(layout)];
      return { load: from(transportOf(layout)), needs };
    }
  }
}

function unlessBefore(index: Load, base: (frame: Frame) => number, size: 1 | 2 | 4): Load {
  return (frame) => {
    const offset = index(frame);
    const at = offset < 0 ? -1 : base(frame);
    return at < 0 ? -1 : read(frame, at + offset, size);
  };
}

/** Where the header behind IPv4 begins; negative when the header of IPv4 was not captured. */
function transportOf(layout: Layout): (frame: Frame) => number {
  const network = networkOf(layout);
  return (frame) => {
    const at = network(frame);
    const first = read(frame, at, 1);
    return first < 0 ? -1 : at + 4 * (first & 15);
  };
}
