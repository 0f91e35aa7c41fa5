import { DOUBLE, FALSE, NULL, SPAN, TRUE, VALUE } from "../../core/column.ts";
import { emptyMessage, type FieldValue } from "../../core/message.ts";
import { Double } from "../../core/number.ts";
import { decodeText } from "../../core/text.ts";
import { QUOTE, ScalarCursor } from "./scalar-cursor.ts";

/** Objects and lists nested deeper than this are refused. */
export const DEPTH_LIMIT = 100;

export const COMMA = 44;
export const COLON = 58;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
export const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

const EMPTY_LIST: readonly FieldValue[] = Object.freeze([]);

/** Reads any JSON, lists and maps as values of a message. */
export class JsonCursor extends ScalarCursor {
  /** Reads any value into `object`, as a message holds it. */
  value(at: number, depth: number): number {
    const byte = this.bytes[at];
    if (byte === OPEN_BRACKET) return this.#list(at, depth + 1);
    if (byte === OPEN_BRACE) return this.#map(at, depth + 1);
    const next = this.scalar(at);
    if (next >= 0) this.object = this.#scalarValue();
    return next;
  }

  #scalarValue(): FieldValue {
    switch (this.kind) {
      case SPAN:
        return decodeText(this.bytes, this.start, this.finish);
      case DOUBLE:
        return Number.isInteger(this.number) ? new Double(this.number) : this.number;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case VALUE:
        return this.object;
      default:
        return this.number;
    }
  }

  #list(from: number, depth: number): number {
    if (depth > DEPTH_LIMIT) return this.fail("lists or maps nested too deeply", from);
    let at = this.space(from + 1);
    if (this.bytes[at] === CLOSE_BRACKET) {
      this.object = EMPTY_LIST;
      return at + 1;
    }
    const list: FieldValue[] = [];
    for (;;) {
      at = this.value(at, depth);
      if (at < 0) return at;
      list.push(this.object);
      at = this.space(at);
      const byte = this.bytes[at];
      if (byte === CLOSE_BRACKET) break;
      if (byte !== COMMA) return this.fail("a comma or ] was expected", at);
      at = this.space(at + 1);
    }
    this.object = list;
    return at + 1;
  }

  #map(from: number, depth: number): number {
    if (depth > DEPTH_LIMIT) return this.fail("lists or maps nested too deeply", from);
    const map = emptyMessage();
    let at = this.space(from + 1);
    if (this.bytes[at] !== CLOSE_BRACE) {
      for (;;) {
        if (this.bytes[at] !== QUOTE) return this.fail("a key in quotes was expected", at);
        at = this.string(at);
        if (at < 0) return at;
        const key = decodeText(this.bytes, this.start, this.finish);
        at = this.space(at);
        if (this.bytes[at] !== COLON) return this.fail("a colon was expected", at);
        at = this.value(this.space(at + 1), depth);
        if (at < 0) return at;
        map[key] = this.object;
        at = this.space(at);
        const byte = this.bytes[at];
        if (byte === CLOSE_BRACE) break;
        if (byte !== COMMA) return this.fail("a comma or } was expected", at);
        at = this.space(at + 1);
      }
    }
    this.object = map;
    return at + 1;
  }
}
