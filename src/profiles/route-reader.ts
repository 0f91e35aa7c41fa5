import { decodeText } from "../core/text.ts";
import { StellarError } from "../stellar/language/error.ts";
import type { Variables } from "../stellar/run/variables.ts";
import { restoreValue } from "../stellar/sketches/stored-value.ts";
import { Double, Float, StellarMap, type Value } from "../stellar/values/value.ts";
import { FIELD } from "./route-format.ts";

/**
 * Reads routes one after another; what it says is of the last one. The message is a set of variables, whose values are read when the
 * route is: nothing of it is kept but what an expression keeps.
 */
export class RouteReader implements Variables {
  profile = 0;
  /** The record that the message was made of, counted from the first of the block. */
  record = 0;
  /** Milliseconds since the epoch. */
  timestamp = 0;
  entity = "";
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #end = 0;
  #names: ReadonlyMap<string, number> = new Map();
  #values: (Value | undefined)[] = [];

  /** Takes the bytes that records are in. */
  load(bytes: Uint8Array): void {
    this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** Reads what comes before the fields of the route in bytes [start, end). @throws StellarError for damaged bytes */
  begin(start: number, end: number): void {
    // The first byte tells it from a header.
    this.#at = start + 1;
    this.#end = end;
    this.profile = this.#word();
    this.record = this.#word();
    this.timestamp = this.#double();
    const length = this.#span();
    this.entity = decodeText(this.#bytes, this.#at, this.#at + length);
    this.#at += length;
  }

  /** A copy of the bytes of the fields: what `fields` reads again. */
  rest(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#at, this.#end));
  }

  /** Takes the fields of a route that waited. */
  resume(fields: Buffer): void {
    this.#take(fields);
    this.#at = 0;
    this.#end = fields.length;
  }

  /** Reads the fields. @throws StellarError for damaged bytes */
  fields(names: ReadonlyMap<string, number> | undefined): void {
    const count = this.#word();
    if (names === undefined) {
      const own = new Map<string, number>();
      this.#values = [];
      for (let index = 0; index < count; index++) {
        const length = this.#span();
        own.set(decodeText(this.#bytes, this.#at, this.#at + length), index);
        this.#at += length;
        this.#values.push(this.#value());
      }
      this.#names = own;
      return;
    }
    if (count !== names.size) throw damaged();
    this.#names = names;
    for (let index = 0; index < count; index++) this.#values[index] = this.#value();
    this.#values.length = count;
  }

  get(name: string): Value | undefined {
    const index = this.#names.get(name);
    return index === undefined ? undefined : this.#values[index];
  }

  all(): StellarMap {
    const all = new StellarMap();
    for (const [name, index] of this.#names) {
      const value = this.#values[index];
      if (value !== undefined) all.set(name, value);
    }
    return all;
  }

  #take(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #value(): Value | undefined {
    this.#need(1);
    switch (this.#bytes[this.#at++]) {
      case FIELD.ABSENT:
        return undefined;
      case FIELD.NULL:
        return null;
      case FIELD.FALSE:
        return false;
      case FIELD.TRUE:
        return true;
      case FIELD.INT:
        return this.#double() | 0;
      case FIELD.LONG:
        return BigInt(this.#double());
      case FIELD.FLOAT:
        return new Float(this.#double());
      case FIELD.DOUBLE:
        return new Double(this.#double());
      case FIELD.TEXT: {
        const length = this.#span();
        this.#at += length;
        return decodeText(this.#bytes, this.#at - length, this.#at);
      }
      case FIELD.VALUE: {
        const length = this.#span();
        this.#at += length;
        return restoreValue(this.#bytes.subarray(this.#at - length, this.#at));
      }
      default:
        throw damaged();
    }
  }

  #word(): number {
    this.#need(4);
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  #double(): number {
    this.#need(8);
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  #span(): number {
    const length = this.#word();
    this.#need(length);
    return length;
  }

  #need(count: number): void {
    if (this.#at + count > this.#end) throw damaged();
  }
}

function damaged(): StellarError {
  return new StellarError("the bytes of this route are damaged");
}
