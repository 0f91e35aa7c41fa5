import type { Batch } from "../core/batch.ts";
import { type Catalogue, openNamed } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import type { SecretReference } from "../core/secret.ts";
import type { SinkSettings } from "../pipeline/pipeline.ts";
import type { Sink, SinkDefinition } from "../sinks/sink.ts";

/**
 * The sinks of one partition, opened when the first message is for them. They outlive the stages, which are opened again whenever a
 * document changes, and are opened again when their own options have changed or when they have failed.
 */
export class OpenSinks implements AsyncDisposable {
  readonly #catalogue: () => Catalogue<SinkDefinition>;
  readonly #context: Context;
  readonly #readSecret: (reference: SecretReference) => string;
  readonly #open = new Map<string, Sink>();

  constructor(
    catalogue: () => Catalogue<SinkDefinition>,
    context: Context,
    readSecret: (reference: SecretReference) => string,
  ) {
    this.#catalogue = catalogue;
    this.#context = context;
    this.#readSecret = readSecret;
  }

  /** Passes a batch on to all sinks. Throws the fault of the one that does not take it; it is then closed. */
  async write(sensor: string, sinks: readonly SinkSettings[], batch: Batch): Promise<void> {
    const wanted = new Map(sinks.map((sink) => [JSON.stringify(sink), sink]));
    for (const key of [...this.#open.keys()]) if (!wanted.has(key)) await this.#close(key);
    for (const [key, { name, options }] of wanted) {
      let sink = this.#open.get(key);
      if (sink === undefined) {
        const context = { ...this.#context, sensor, readSecret: this.#readSecret };
        sink = await openNamed(this.#catalogue(), name, options, context);
        this.#open.set(key, sink);
      }
      try {
        await sink.write(batch);
      } catch (error) {
        await this.#close(key);
        throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#close(key);
  }

  async #close(key: string): Promise<void> {
    const sink = this.#open.get(key);
    this.#open.delete(key);
    await sink?.[Symbol.asyncDispose]();
  }
}
