import { PROTOCOLS } from "./names.ts";
import type { TokenReader } from "./token-reader.ts";
import type { Arithmetic, Operator } from "./tree.ts";

/** How strongly operators bind, from the weakest. */
const LEVELS: readonly (readonly Operator[])[] = [
  ["|", "^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** Reads an arithmetic expression over numbers, `len` and bytes of protocols. */
export function parseArithmetic(reader: TokenReader, level = 0): Arithmetic {
  const operators = LEVELS[level];
  if (operators === undefined) return operand(reader);
  let left = parseArithmetic(reader, level + 1);
  for (;;) {
    const { text, span } = reader.next;
    const operator = operators.find((sign) => sign === text);
    if (operator === undefined || reader.next.kind !== "sign") return left;
    reader.take();
    const right = parseArithmetic(reader, level + 1);
    if (right.kind === "constant") {
      if ((operator === "/" || operator === "%") && right.value === 0)
        throw reader.mistake("Nothing can be divided by 0.", span);
      if ((operator === "<<" || operator === ">>") && right.value > 31)
        throw reader.mistake("Numbers have 32 bits: shift by 31 at most.", span);
    }
    left = { kind: "operation", operator, left, right, span };
    reader.count(span);
  }
}

function operand(reader: TokenReader): Arithmetic {
  const token = reader.next;
  if (reader.takeIf("-")) return reader.nested(() => ({ kind: "negative", operand: operand(reader) }));
  if (reader.takeIf("(")) {
    const inner = reader.nested(() => parseArithmetic(reader));
    reader.expect(")");
    return inner;
  }
  reader.take();
  if (token.kind === "number") return { kind: "constant", value: token.value };
  if (token.kind === "range") {
    const [left, right] = [token.from, token.to].map((value): Arithmetic => ({ kind: "constant", value }));
    return { kind: "operation", operator: "-", left: left!, right: right!, span: token.span };
  }
  if (token.kind === "word" && token.text === "len") return { kind: "length" };
  const protocol = token.kind === "word" ? PROTOCOLS.get(token.text) : undefined;
  if (protocol === undefined || reader.next.text !== "[")
    throw reader.mistake("Expected a number, len, or bytes such as tcp[13] or ip[2:2].", token.span);
  reader.take();
  const offset = reader.nested(() => parseArithmetic(reader));
  const size = reader.takeIf(":") ? sizeOf(reader) : 1;
  reader.expect("]");
  return { kind: "bytes", qualifier: { name: token.text, protocol }, offset, size, span: token.span };
}

function sizeOf(reader: TokenReader): 1 | 2 | 4 {
  const token = reader.take();
  const value = token.kind === "number" ? token.value : 0;
  if (value === 1 || value === 2 || value === 4) return value;
  throw reader.mistake("1, 2 or 4 bytes can be read at once.", token.span);
}
