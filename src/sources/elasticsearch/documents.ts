import { attach } from "../../core/attached.ts";
import type { Block } from "../../core/block.ts";
import type { Clock } from "../../core/context.ts";

const BLOCK_BYTES = 512 * 1024;
const BLOCK_RECORDS = 4096;
/** Blocks on their way: while there are so many, nothing is read. */
const IN_FLIGHT = 4;

/** Collects the documents of a request into blocks; each comes with the name of its index as the header `index`. */
export class Documents {
  readonly #clock: Clock;
  readonly #deliver: (block: Block) => Promise<unknown>;
  #parts: Buffer[] = [];
  #indices: string[] = [];
  #bytes = 0;
  #underWay: Promise<unknown>[] = [];

  constructor(clock: Clock, deliver: (block: Block) => Promise<unknown>) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  add(index: string, document: Buffer): void {
    this.#parts.push(Buffer.from(document));
    this.#indices.push(index);
    this.#bytes += document.length;
    if (this.#bytes >= BLOCK_BYTES || this.#parts.length >= BLOCK_RECORDS) this.#send();
  }

  /** Resolves when there is room for more. Rejects when a block was not taken. */
  async pressure(): Promise<void> {
    while (this.#underWay.length >= IN_FLIGHT) await this.#underWay.shift();
  }

  /** Resolves when all is durable. Rejects when a block was not taken. */
  async flush(): Promise<void> {
    if (this.#parts.length > 0) this.#send();
    await Promise.all(this.#underWay);
  }

  #send(): void {
    const ends = new Uint32Array(this.#parts.length);
    let length = 0;
    for (const [index, part] of this.#parts.entries()) {
      length += part.length;
      ends[index] = length;
    }
    const names = new Map(
      [...new Set(this.#indices)].map((name) => [name, [{ name: "index", value: Buffer.from(name) }]]),
    );
    const attached = attach(
      this.#indices.map((name) => ({ headers: name === "" ? [] : (names.get(name) ?? []) })),
    );
    const sent = this.#deliver({
      ...{ bytes: Buffer.concat(this.#parts), ends, arrival: this.#clock.now(), attached },
    });
    // Who waits for it hears of it; it must not end the process before.
    sent.catch(() => undefined);
    this.#underWay.push(sent);
    this.#parts = [];
    this.#indices = [];
    this.#bytes = 0;
  }
}
