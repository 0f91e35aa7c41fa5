import { Fault } from "../../../core/fault.ts";
import type { Archive } from "../archived/archive.ts";
import { guidsOf } from "../archived/guids-of.ts";
import type { IndexProblem, Selection } from "../contract.ts";
import type { Searches } from "./searches.ts";
import type { Library } from "./selection.ts";

type AskingParts = {
  readonly searches: Searches;
  readonly archive: Archive;
  readonly library: Library;
};

/** Answers requests from what is here together with what can be reached of the archive. */
export class Asking {
  readonly #parts: AskingParts;

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  /**
   * Answers what has no place for what it lacks: that is told by the signal, and without one such an answer is refused.
   * @param guids only these matter
   * @throws Fault ARCHIVE_UNREAD
   */
  ask<Request extends Selection, Result>(
    asked: Request,
    work: (request: Request, library: Library) => Promise<Result>,
    guids?: readonly string[],
  ): Promise<Result> {
    const answer = (request: Request, library: Library, lacks: readonly IndexProblem[]) => {
      const [lack] = asked.signal === undefined ? lacks : [];
      if (lack !== undefined) throw new Fault("ARCHIVE_UNREAD", lack.text);
      return work(request, library);
    };
    return this.reach(asked, answer, guids);
  }

  /** Runs what somebody asks for when its turn comes; `work` tells what the archive lacks. @param guids only these matter */
  reach<Request extends Selection, Result>(
    asked: Request,
    work: (request: Request, library: Library, lacks: readonly IndexProblem[]) => Promise<Result>,
    guids: readonly string[] | undefined = guidsOf(asked.query),
  ): Promise<Result> {
    const { searches, archive, library } = this.#parts;
    return searches.ask(asked, async (request) => {
      await using reached = await archive.reach(asked, request.signal, guids);
      const snapshot = () => reached.with(library.snapshot());
      return await work(request, { ...library, snapshot }, reached.problems);
    });
  }
}
