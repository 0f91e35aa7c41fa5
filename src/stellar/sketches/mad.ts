/**
 * The state of outlier detection by median absolute deviation (Iglewicz and Hoaglin's modified z-score).
 *
 * Four sketches: the values and the deviations of this period ("tick"), which a later period merges, and those of
 * history and this period together ("window"), which scores are taken from.
 */
import type { Opaque } from "../values/value.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { OnlineStatistics } from "./statistics.ts";

export class MadState implements Opaque {
  static readonly stellarType = "outlier state";
  readonly stellarType = "outlier state";
  #tickValues = new OnlineStatistics();
  #tickDeviations = new OnlineStatistics();
  #windowValues = new OnlineStatistics();
  #windowDeviations = new OnlineStatistics();

  /** The state of a new period, whose window holds what the given periods saw. */
  static follow(states: Iterable<MadState>): MadState {
    const merged = new MadState();
    for (const state of states) {
      merged.#windowValues = merged.#windowValues.merge(state.#tickValues);
      merged.#windowDeviations = merged.#windowDeviations.merge(state.#tickDeviations);
    }
    return merged;
  }

  /** Adds a value; NaN is ignored. The first value has no median to deviate from yet. */
  add(value: number): void {
    if (Number.isNaN(value)) return;
    this.#tickValues.add(value);
    const deviation = Math.abs(value - this.#windowValues.percentile(50));
    this.#windowValues.add(value);
    if (Number.isNaN(deviation)) return;
    this.#windowDeviations.add(deviation);
    this.#tickDeviations.add(deviation);
  }

  /** `scale` times the distance from the median, in median absolute deviations; NaN while there is no median. */
  score(value: number, scale: number): number {
    const deviation = Math.abs(value - this.#windowValues.percentile(50));
    return (scale * deviation) / this.#windowDeviations.percentile(50);
  }

  toBytes(): Uint8Array {
    const out = new ByteWriter(MadState.tag);
    for (const part of [this.#tickValues, this.#tickDeviations, this.#windowValues, this.#windowDeviations]) {
      out.block(part.toBytes());
    }
    return out.finish();
  }

  static readonly tag = 0x4d;

  static fromBytes(bytes: Uint8Array): MadState {
    const source = new ByteReader(bytes, MadState.tag, "outlier state");
    const read = new MadState();
    read.#tickValues = OnlineStatistics.fromBytes(source.block());
    read.#tickDeviations = OnlineStatistics.fromBytes(source.block());
    read.#windowValues = OnlineStatistics.fromBytes(source.block());
    read.#windowDeviations = OnlineStatistics.fromBytes(source.block());
    return read;
  }
}
