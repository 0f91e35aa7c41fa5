import type { SensorDocument } from "../config/sensor.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { sources as definitions } from "../sources/index.ts";
import type { Positions, Source, SourceContext, SourceDefinition } from "../sources/source.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import type { Table, TableValue } from "../storage/table/contract.ts";
import type { Intake } from "./intake.ts";

type Open = { readonly key: string; readonly source: Source };

/** The sources that the sensor documents name: opened, replaced and closed as documents are published. */
export class Sources implements AsyncDisposable {
  readonly #intake: Intake;
  readonly #context: Context;
  readonly #positions: Positions;
  readonly #allow: AllowPath;
  readonly #open = new Map<string, Open>();
  #failed = new Map<string, string>();
  /** What was logged last of each source, so that a failure that lasts is told once. */
  readonly #told = new Map<string, string>();

  constructor(intake: Intake, positions: Table, context: Context, allow: AllowPath) {
    this.#allow = allow;
    this.#intake = intake;
    this.#context = context;
    this.#positions = {
      load: (key) => positions.get("source", key),
      save: (key, position) => positions.put("source", key, position as TableValue),
    };
  }

  /** Opens sources that are new, replaces those whose options changed, closes those that are gone. */
  async configure(documents: readonly SensorDocument[]): Promise<void> {
    const wanted = new Map<string, { sensor: string; name: string; options: unknown; key: string }>();
    for (const { sensor, source = {} } of documents) {
      for (const [name, options] of Object.entries(source)) {
        wanted.set(`${sensor}/${name}`, { sensor, name, options, key: JSON.stringify(options) });
      }
    }
    for (const [id, { key, source }] of this.#open) {
      if (wanted.get(id)?.key === key) continue;
      this.#open.delete(id);
      await source[Symbol.asyncDispose]();
    }
    const failed = new Map<string, string>();
    for (const [id, { sensor, name, options, key }] of wanted) {
      const failure = this.#open.has(id) ? undefined : await this.#start(id, sensor, name, options, key);
      if (failure !== undefined) failed.set(sensor, failure);
    }
    this.#failed = failed;
  }

  addresses(): string[] {
    return [...this.#open].flatMap(([id, { source }]) =>
      source.addresses.map((address) => `${id} ${address}`),
    );
  }

  /** What keeps sources from running, by sensor. */
  problems(): ReadonlyMap<string, string> {
    return this.#failed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ source }) => source[Symbol.asyncDispose]()));
    this.#open.clear();
  }

  /** A source that cannot start (its port is taken) is told of and left out; the platform runs without it. */
  async #start(
    id: string,
    sensor: string,
    name: string,
    options: unknown,
    key: string,
  ): Promise<string | undefined> {
    try {
      const definition = findSource(name);
      const source = await definition.open(definition.config.parse(options), this.#contextOf(sensor));
      this.#open.set(id, { key, source });
      if (this.#told.delete(id)) this.#context.log.info("A source runs again.", { sensor, source: name });
      source.done.catch((error: Error) => {
        if (this.#open.get(id)?.source !== source) return;
        // It is opened again with the next look.
        this.#open.delete(id);
        this.#failed.set(sensor, this.#tell(id, error));
      });
      return undefined;
    } catch (error) {
      return this.#tell(id, error as Error);
    }
  }

  #tell(id: string, { message }: Error): string {
    if (this.#told.get(id) !== message)
      this.#context.log.error("A source does not run; it is tried again.", { source: id, error: message });
    this.#told.set(id, message);
    return message;
  }

  #contextOf(sensor: string): SourceContext {
    return {
      ...this.#context,
      sensor,
      positions: this.#positions,
      allow: this.#allow,
      deliver: (name, block) => this.#intake.deliver(name, block),
      refuse: (refusal) => this.#intake.refuse(refusal),
    };
  }
}

/** A source by name. Throws Fault CONFIG_INVALID. */
export function findSource(name: string): SourceDefinition {
  const definition = definitions.find((candidate) => candidate.name === name);
  if (definition !== undefined) return definition as unknown as SourceDefinition;
  const known = definitions.map((candidate) => candidate.name).join(", ");
  throw new Fault("CONFIG_INVALID", `there is no source \`${name}\`; known are ${known}`, {
    details: { path: [name] },
  });
}
