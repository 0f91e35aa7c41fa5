/**
 * Questions and answers between the processes of an installation. No process listens for them: they travel through what all of them
 * share. An answer comes in parts, as fast as they are taken: a slow reader holds its answerer back, and memory on both sides stays bounded.
 */
import type { Fault } from "../../core/fault.ts";

/** Who asks, and for how long they want to know. */
type Asking = {
  /** Name of the process that asks. */
  readonly from: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
};

/**
 * Answers a question part by part; the next part is asked for when there is room for it. A Fault that it throws arrives as that Fault.
 * Questions come from other processes, perhaps of another version, so their bytes are to be checked.
 */
export type AnswerQuestion = (question: Uint8Array, asking: Asking) => AsyncIterable<Uint8Array>;

/** Bytes of a question, and of one part of an answer, at the most. An answer may have any number of parts. */
export const MOST_QUESTION_BYTES = 512 * 1024;
export const MOST_PART_BYTES = 16 * 1024 * 1024;

export type Exchange = AsyncDisposable & {
  /** The name under which this process is asked: that of its reports (`Members`). */
  readonly name: string;
  /** Why no questions can be asked or answered, with since when; undefined while they can. */
  readonly fault: Fault | undefined;
  /** What came and could not be read, since the start: somebody else writes to where questions and answers are, or another version. */
  readonly unreadable: number;
  /** Answers questions of a kind from now on. Those asked before this process was opened stay unanswered. */
  answer(kind: string, handler: AnswerQuestion): void;
  /**
   * Asks a process, which may be this one. The question is sent when the first part is asked for. Parts arrive as they were yielded: whole and in order. To
   * stop reading, or to abort, ends the work at the other process as well.
   * @throws Fault of the handler, as it is; PROCESS_SILENT when the process gives no sign of life for some seconds, was restarted, or ends;
   * PROCESS_REFUSED when it answers no such questions, or failed in a way that nobody foresaw; TOO_BUSY when it has too many to answer;
   * TOO_LARGE; KAFKA_UNREACHABLE, KAFKA_REFUSED. The reason of the signal when it aborts.
   */
  ask(to: string, kind: string, question: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array>;
};
