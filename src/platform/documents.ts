import { judgeSensor, type PlacedSensor } from "../config/sensor.ts";
import { refuse } from "../config/yaml.ts";
import { Fault } from "../core/fault.ts";

type Judged = ReturnType<typeof judgeSensor>;

/** The sensor documents that a thread has read: one is read again only when its text is another. */
export class SensorDocuments {
  readonly #known = new Map<string, { readonly text: string; readonly judged: Judged }>();

  /** A copy for a check: documents that are checked and not published must not displace those in force. */
  draft(): SensorDocuments {
    const draft = new SensorDocuments();
    for (const [name, known] of this.#known) draft.#known.set(name, known);
    return draft;
  }

  /** All that is wrong with a document, and the rest of it: see `judgeSensor`. @throws Fault CONFIG_INVALID for a text that is no YAML. */
  judge(name: string, text: string): Judged {
    const known = this.#known.get(name);
    if (known?.text === text) return known.judged;
    const judged = judgeSensor(text, `sensor/${name}`);
    this.#known.set(name, { text, judged });
    return judged;
  }

  /** What can be made of a document; undefined for one of which nothing can. */
  placed(name: string, text: string): PlacedSensor | undefined {
    try {
      return this.judge(name, text).placed;
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  /** The parser that a document names. */
  parserOf(name: string, text: string): string | undefined {
    return Object.keys(this.placed(name, text)?.sensor.parser ?? {})[0];
  }

  /** A document without mistakes. @throws Fault CONFIG_INVALID naming line, column and what was expected. */
  read(name: string, text: string): PlacedSensor {
    const { placed, mistakes } = this.judge(name, text);
    if (placed === undefined || mistakes.length > 0) refuse(`sensor/${name}`, mistakes);
    return placed;
  }

  /** Forgets documents of other names than these. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
  }
}
