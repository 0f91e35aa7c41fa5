import type { Block } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { allowAnyPath } from "../../storage/allowed-folders.ts";
import { type Refusal, type SourceContext, unshared } from "../source.ts";
import { forgetfulPositions } from "./forgetful-positions.ts";

/** A place that tests deliver to: keeps records as text, and can be slow or fail. */
export type Collected = {
  readonly context: SourceContext;
  readonly records: string[];
  readonly blocks: { readonly records: number; readonly bytes: number }[];
  readonly refusals: Refusal[];
  /** Set to keep deliveries waiting. */
  gate: Promise<unknown> | undefined;
  /** Resolves when so many records have come. */
  until(count: number): Promise<void>;
};

/** Makes a context whose deliveries are collected. */
export function collecting(part: Partial<SourceContext> = {}): Collected {
  const records: string[] = [];
  const blocks: { records: number; bytes: number }[] = [];
  const refusals: Refusal[] = [];
  let wake = () => {};
  const collected: Collected = {
    records,
    blocks,
    refusals,
    gate: undefined,
    context: {
      ...makeContext(),
      sensor: "test",
      positions: forgetfulPositions(),
      shared: unshared(forgetfulPositions()),
      allow: allowAnyPath,
      readSecret: () => {
        throw new Error("this test has no secrets");
      },
      takeCapture: () => {
        throw new Error("this test takes no captures");
      },
      refuse: (refusal) => refusals.push(refusal),
      deliver: async (_sensor, block: Block) => {
        await collected.gate;
        blocks.push({ records: block.ends.length, bytes: block.bytes.length });
        let start = 0;
        for (const end of block.ends) {
          records.push(
            Buffer.from(block.bytes.subarray(start, end))
              .toString("latin1")
              .replace(/\r?\n$/, ""),
          );
          start = end;
        }
        wake();
      },
      ...part,
    },
    async until(count) {
      while (records.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
  return collected;
}
