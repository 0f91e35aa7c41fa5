import { type Mistake, refuse } from "../config/yaml.ts";
import { Fault } from "../core/fault.ts";

/** What keeps documents from being published, gathered so that one check tells all of it. */
export class Refusals {
  readonly #faults: Fault[] = [];

  /** Runs a part of the check; notes that it refuses something, and then answers nothing. */
  attempt<Answer>(run: () => Answer): Answer | undefined {
    try {
      return run();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.take(error);
      return undefined;
    }
  }

  /** Notes a refusal. */
  take(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** Notes the mistakes of a document, in the order of its lines. */
  add(document: string, mistakes: readonly Mistake[]): void {
    if (mistakes.length === 0) return;
    const sorted = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
    this.attempt(() => refuse(document, sorted));
  }

  /** @throws Fault CONFIG_INVALID with everything noted, if there is anything. */
  settle(): void {
    if (this.#faults.length === 0) return;
    throw new Fault("CONFIG_INVALID", this.#faults.map(({ message }) => message).join("\n"), {
      details: { mistakes: this.#faults.flatMap(mistakesOf) },
    });
  }
}

/** The mistakes for which something is refused; none when it is not. */
export function mistakesIn(run: () => unknown): readonly Mistake[] {
  try {
    run();
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return mistakesOf(error);
  }
}

/** A refusal as a value. Throws everything else again. */
export function asRefusal(error: unknown): Fault {
  if (!isRefusal(error)) throw error;
  return error;
}

function isRefusal(error: unknown): error is Fault {
  return error instanceof Fault && error.code === "CONFIG_INVALID";
}

/** What is wrong with a document as a whole has no place of its own. */
function mistakesOf({ details, message }: Fault): readonly Mistake[] {
  const { mistakes } = (details ?? {}) as { mistakes?: readonly Mistake[] };
  return mistakes ?? [{ line: 1, column: 1, path: "", message }];
}
