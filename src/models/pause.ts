/** When to stop asking what fails or is slow, so that it cannot take the time of everything else. */
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

  /** @param clock one that does not jump */
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

/**
 * Time that may be spent waiting: so many milliseconds at once, and from then on a share of the time that passes. Waiting can thus
 * neither hold a thread for long nor hold it again and again.
 */
export class Allowance {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #share: number;
  #left: number;
  #at: number;

  /**
   * @param most milliseconds that may be spent at once
   * @param share how much of the passing time is added to what is left, 0 to 1
   * @param clock one that does not jump
   */
  constructor(most: number, share: number, clock: Clock) {
    this.#clock = clock;
    this.#most = most;
    this.#share = share;
    this.#left = most;
    this.#at = clock.now();
  }

  /** Milliseconds that may be spent now; 0 when none are left. */
  get left(): number {
    this.#add();
    return Math.max(0, this.#left);
  }

  /** Runs what waits and takes off the time that it took. */
  spend<Result>(wait: () => Result): Result {
    // What passes while it waits adds nothing.
    this.#add();
    const before = this.#at;
    try {
      return wait();
    } finally {
      this.#at = this.#clock.now();
      this.#left -= this.#at - before;
    }
  }

  #add(): void {
    const now = this.#clock.now();
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#share);
    this.#at = now;
  }
}
