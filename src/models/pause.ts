/** When to stop asking what fails, so that it cannot take the time of everything else. */
import type { Clock } from "../core/context.ts";

/** Failures without a success between after which it is not asked. */
const FAILURES = 3;
/** How long it is not asked then, milliseconds; one more failure begins another pause. */
const PAUSE = 30_000;

/** Counts the failures of one thing that is asked again and again. */
export class Pause {
  readonly #clock: Clock;
  #failures = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is not to be asked now. */
  get isOn(): boolean {
    return this.#clock.now() < this.#until;
  }

  noteFailure(): void {
    if (++this.#failures >= FAILURES) this.#until = this.#clock.now() + PAUSE;
  }

  noteSuccess(): void {
    this.#failures = 0;
  }
}
