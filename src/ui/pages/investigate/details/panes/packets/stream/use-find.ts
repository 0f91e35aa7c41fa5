import { useEffect, useState } from "react";
import type { ByteRange } from "../packets-state.ts";
import { type FindKind, patternOf } from "./find.ts";
import { haystacksOf, type Message } from "./messages.ts";

/** How long to wait for the next letter, and for an answer, in milliseconds. */
const PAUSE = 200;
const PATIENCE = 5000;

type Found = {
  /** What was looked for; hits of an earlier text do not count. */
  readonly of: string;
  readonly hits: readonly ByteRange[];
  readonly isSearching: boolean;
  /** What is wrong with what is looked for. */
  readonly mistake?: string;
};

const NOTHING: Found = { of: "", hits: [], isSearching: false };

/** Where bytes are in messages of a stream. */
export function useFind(messages: readonly Message[], kind: FindKind, text: string): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  const of = text === "" ? "" : `${kind} ${text}`;
  useEffect(() => {
    if (of === "") return setFound(NOTHING);
    const pattern = patternOf(kind, text);
    if ("mistake" in pattern) return setFound({ ...NOTHING, of, mistake: pattern.mistake });
    setFound((before) => ({ of, hits: before.of === of ? before.hits : [], isSearching: true }));
    let worker: Worker | undefined;
    let timer = setTimeout(() => {
      worker = new Worker(new URL("./find-worker.ts", import.meta.url), { type: "module" });
      worker.addEventListener("message", ({ data }: MessageEvent<ByteRange[]>) => {
        clearTimeout(timer);
        worker?.terminate();
        setFound({ of, hits: data, isSearching: false });
      });
      // Its program comes from the server, which may be gone.
      worker.addEventListener("error", () => {
        clearTimeout(timer);
        setFound({ ...NOTHING, of, mistake: "Nothing was looked through: the server does not answer." });
      });
      worker.postMessage({ haystacks: haystacksOf(messages), source: pattern.source });
      timer = setTimeout(() => {
        worker?.terminate();
        setFound({ ...NOTHING, of, mistake: "This expression takes too long; make it simpler." });
      }, PATIENCE);
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      worker?.terminate();
    };
  }, [messages, kind, text, of]);
  // Between the letter and the effect that begins to look for it, what was found before is no answer.
  return found.of === of ? found : { of, hits: [], isSearching: true };
}
