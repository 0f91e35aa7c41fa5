/**
 * The items of a bulk request (Elasticsearch reference, "Bulk API"): a line that says what to do, and below it the document.
 * Documents become records as they are; each item is answered with what became of it.
 */
import { StringDecoder } from "node:string_decoder";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const MOST_ACTION_BYTES = 64 * 1024;

/** What an item wants: to store a document under an index, or something that is not done here. */
export type Action = {
  readonly verb: "index" | "create" | "update" | "delete";
  readonly index: string;
  readonly id: string | undefined;
};

/** Thrown for what is no bulk request at all: what is wrong, for its sender. */
export class BulkError extends Error {}

/** What is done with an item. `document` is valid only during the call. */
export type OnItem = (action: Action, document: Buffer) => void;

/** Cuts the chunks of a body into items. Memory holds one document. */
export class BulkItems {
  readonly #onItem: OnItem;
  readonly #defaultIndex: string;
  readonly #mostBytes: number;
  #partial: Buffer[] = [];
  #length = 0;
  #line = 0;
  #action: Action | undefined;

  /**
   * @param defaultIndex the index that the address of the request names, for actions that name none
   * @param mostBytes of a line; a longer one ends the request
   */
  constructor(defaultIndex: string, mostBytes: number, onItem: OnItem) {
    this.#defaultIndex = defaultIndex;
    this.#mostBytes = mostBytes;
    this.#onItem = onItem;
  }

  /** @throws BulkError */
  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      if (end < 0) break;
      this.#take(this.#joined(chunk.subarray(from, end)));
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    if (rest.length === 0) return;
    this.#length += rest.length;
    this.#check(this.#length);
    // The chunk's memory is its sender's again.
    this.#partial.push(Buffer.from(rest));
  }

  /** @throws BulkError */
  end(): void {
    if (this.#length > 0) this.#take(this.#joined(Buffer.alloc(0)));
    if (this.#action !== undefined)
      throw new BulkError(`the document of the action on line ${this.#line} is missing`);
  }

  #joined(last: Buffer): Buffer {
    this.#check(this.#length + last.length);
    if (this.#partial.length === 0) return last;
    const line = Buffer.concat([...this.#partial, last]);
    this.#partial = [];
    this.#length = 0;
    return line;
  }

  #check(length: number): void {
    const most = this.#action === undefined ? MOST_ACTION_BYTES : this.#mostBytes;
    if (length <= most) return;
    const what = this.#action === undefined ? "an action" : "a document";
    throw new BulkError(`line ${this.#line + 1}, ${what}, has more than ${most} bytes`);
  }

  #take(whole: Buffer): void {
    this.#line++;
    const line = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    if (this.#action !== undefined) {
      const action = this.#action;
      this.#action = undefined;
      this.#onItem(action, line);
      return;
    }
    if (line.length === 0) return;
    const action = this.#read(line);
    if (action.verb === "delete") this.#onItem(action, line);
    else this.#action = action;
  }

  #read(line: Buffer): Action {
    let value: unknown;
    try {
      value = JSON.parse(new StringDecoder("utf8").end(line));
    } catch {
      throw this.#malformed();
    }
    const [[verb, options] = []] = Object.entries(typeof value === "object" && value !== null ? value : {});
    if (verb !== "index" && verb !== "create" && verb !== "update" && verb !== "delete")
      throw this.#malformed();
    const { _index, _id } = (options ?? {}) as { readonly _index?: unknown; readonly _id?: unknown };
    return {
      verb,
      index: typeof _index === "string" ? _index : this.#defaultIndex,
      id: typeof _id === "string" || typeof _id === "number" ? String(_id) : undefined,
    };
  }

  #malformed(): BulkError {
    return new BulkError(
      `Malformed action/metadata line [${this.#line}], expected {"index":{}} or {"create":{}}`,
    );
  }
}
