import { type Framer, type FramerOptions, LineFramer } from "../line-framer.ts";
import { FramingError } from "../stream.ts";
import { JsonFramer } from "./json-framer.ts";

/** What the first bytes of a body may be: a record per line, or JSON values laid out in some other way. */
export type Layout = {
  /** Whether the sender says that the body is JSON. */
  readonly isJson: boolean;
  /** Whether the sensor reads JSON. */
  readonly readsJson: boolean;
  /** Whether a list is one record of the sensor, which takes it apart itself. */
  readonly readsLists: boolean;
};

const LINE_FEED = 10;
const LIST = 91;
const MAP = 123;
/** What a line that is not the whole of a value ends with when people or programs lay JSON out. */
const GOES_ON = new Set([..."{[,:"].map((sign) => sign.charCodeAt(0)));
const BEGINS_A_LIST = new Set([...'{["]'].map((sign) => sign.charCodeAt(0)));
/** A line with more bytes than this is long, and is not laid out. */
const MOST_HEAD = 1 << 20;

/**
 * Looks at how a body begins and then cuts it as lines or as JSON values. Lines are the common case and cost nothing more
 * than before; a sensor that reads lines of text gets lines unless the sender says that the body is JSON.
 */
export class LayoutFramer implements Framer {
  readonly #options: FramerOptions;
  readonly #layout: Layout;
  #head: Buffer = Buffer.alloc(0);
  #framer: Framer | undefined;

  constructor(options: FramerOptions, layout: Layout) {
    this.#options = options;
    this.#layout = layout;
    if (!layout.isJson && !layout.readsJson) this.#framer = new LineFramer(options);
    else if (layout.isJson && !layout.readsJson) this.#framer = this.#values(true);
  }

  get pending(): number {
    return this.#framer?.pending ?? this.#head.length;
  }

  push(chunk: Buffer): void {
    if (this.#framer !== undefined) {
      this.#framer.push(chunk);
      return;
    }
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#decide(this.#head.length > MOST_HEAD);
    // The chunk's memory is its sender's again when this returns.
    if (this.#framer === undefined && this.#head === chunk) this.#head = Buffer.from(chunk);
  }

  end(): void {
    if (this.#framer === undefined && this.#head.length > 0) this.#decide(true);
    this.#framer?.end();
  }

  #decide(isLast: boolean): void {
    const framer = this.#choose(this.#head, isLast);
    if (framer === undefined) return;
    this.#framer = framer;
    const head = this.#head;
    this.#head = Buffer.alloc(0);
    framer.push(head);
  }

  /** Undefined when more bytes are needed to tell. */
  #choose(head: Buffer, isLast: boolean): Framer | undefined {
    const first = firstSign(head, 0);
    if (first < 0 && !isLast) return undefined;
    if (first < 0) return this.#layout.isJson ? this.#values(true) : new LineFramer(this.#options);
    if (head[first] === LIST) {
      const second = firstSign(head, first + 1);
      if (second < 0 && !isLast) return undefined;
      const isList = second >= 0 && BEGINS_A_LIST.has(head[second] as number);
      if (isList || this.#layout.isJson) return this.#values(this.#layout.isJson);
      return new LineFramer(this.#options);
    }
    if (head[first] !== MAP) {
      if (this.#layout.isJson) throw new FramingError("expected a JSON map or a list of records");
      return new LineFramer(this.#options);
    }
    const end = head.indexOf(LINE_FEED, first);
    if (end < 0 && !isLast) return undefined;
    let last = end < 0 ? head.length - 1 : end - 1;
    while ((head[last] as number) <= 32) last--;
    const isLaidOut = end >= 0 && GOES_ON.has(head[last] as number);
    // A body that is one line is a record, or several with nothing between them, or broken: values tell.
    const isAlone = end < 0 || (isLast && firstSign(head, end) < 0);
    return isLaidOut || (isAlone && head.length <= MOST_HEAD)
      ? this.#values(this.#layout.isJson)
      : new LineFramer(this.#options);
  }

  #values(isStrict: boolean): Framer {
    const { readsJson, readsLists } = this.#layout;
    return new JsonFramer({
      ...this.#options,
      takesListsApart: !readsLists,
      readsTexts: !readsJson,
      isStrict,
    });
  }
}

/** Where the first byte stands that is no blank; -1 if there is none. */
function firstSign(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) if ((bytes[at] as number) > 32) return at;
  return -1;
}
