import { setTimeout as pause } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import type { Block } from "../../core/block.ts";
import { type Context, type LogFields, makeContext } from "../../core/context.ts";
import { Fault, failureOf } from "../../core/fault.ts";
import { startTcpdump, type Tcpdump } from "../../sources/capture/tcpdump.ts";
import { joinPackets } from "../../storage/storage.ts";
import { type CaptureBytes, fileBytes, sentBytes } from "./inputs.ts";
import type { CaptureThreadStart, FromCapture, TakenState, ToCapture } from "./protocol.ts";
import { addStates } from "./state-of.ts";
import { openTaking, type Taking } from "./taking.ts";

/** How often it is told how far the capture is, and an interface that is gone is looked for, milliseconds. */
const TELL_EVERY = 200;
const LOOK_EVERY = 500;

/** Takes one capture in the thread that calls it, from its bytes to stored packets and records of its flows, and tells a port how it goes. */
export async function serveCapture(start: CaptureThreadStart, port: MessagePort): Promise<void> {
  const tell = (message: FromCapture): void => port.postMessage(message);
  const stop = new AbortController();
  const log =
    (level: "debug" | "info" | "warn" | "error") =>
    (sentence: string, fields: LogFields = {}) =>
      tell({ type: "log", level, sentence, fields });
  const context: Context = makeContext({
    signal: stop.signal,
    log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
  });
  const delivering = new Map<number, { done: () => void; fail: (error: Fault) => void }>();
  let deliveries = 0;
  /** What interfaces brought before they went away for a while. */
  let past: TakenState | undefined;
  let current: Taking | undefined;
  let gone: string | undefined;

  port.on("message", (message: ToCapture) => {
    if (message.type === "stop") stop.abort();
    if (message.type !== "delivered") return;
    const { id, failure } = message;
    const delivery = delivering.get(id);
    delivering.delete(id);
    if (failure === undefined) delivery?.done();
    else delivery?.fail(new Fault(failure.code, failure.message));
  });

  const timer = setInterval(tellState, TELL_EVERY);
  try {
    const { input } = start;
    const broken = input.kind === "interface" ? await listen(input.interface) : await read();
    tellState();
    tell({ type: "ended", broken });
  } catch (error) {
    tellState();
    tell({ type: "failed", failure: failureOf(error, "STORAGE_CORRUPT") });
  } finally {
    clearInterval(timer);
  }

  async function read(): Promise<string | undefined> {
    const { input } = start;
    const bytes = input.kind === "file" ? fileBytes(input.path, stop.signal) : sentBytes(port, stop.signal);
    try {
      await take(bytes, () => 0);
    } catch (error) {
      const why = bytes.broken();
      // Nothing came of it, so that it looks like an empty capture.
      if (why === undefined || !(error instanceof Fault) || error.code !== "CAPTURE_UNREADABLE") throw error;
      throw new Fault("CAPTURE_UNREADABLE", why, { cause: error });
    }
    return bytes.broken();
  }

  /** Captures until it is stopped, whenever the interface is there. Each time is a capture of its own. */
  async function listen(name: string): Promise<undefined> {
    for (let tcpdump: Tcpdump | undefined = await begin(name); tcpdump !== undefined; ) {
      const running = tcpdump;
      const end = () => running.stop();
      stop.signal.addEventListener("abort", end);
      if (stop.signal.aborted) end();
      let why: string | undefined;
      try {
        // What it wrote before it ended was captured.
        await take({ bytes: running.bytes, broken: () => undefined }, running.dropped);
        why = await running.ended;
      } finally {
        // When nobody reads any more, it would go on for ever.
        running.stop();
        stop.signal.removeEventListener("abort", end);
      }
      past = state();
      current = undefined;
      if (stop.signal.aborted) return;
      gone = `capturing on ${name}: ${why}; it goes on when the interface is there`;
      context.log.warn("An interface does not bring packets any more.", { interface: name, reason: why });
      tcpdump = await awaited(name);
      gone = undefined;
    }
  }

  async function begin(name: string): Promise<Tcpdump> {
    const { filter, snapLength } = start.choice;
    const tcpdump = await startTcpdump({ interface: name, filter, snapLength });
    tell({ type: "begun" });
    return tcpdump;
  }

  async function awaited(name: string): Promise<Tcpdump | undefined> {
    while (!stop.signal.aborted) {
      try {
        const tcpdump = await begin(name);
        context.log.warn("An interface brings packets again.", { interface: name });
        return tcpdump;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        await pause(LOOK_EVERY, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  async function take({ bytes }: CaptureBytes, droppedBefore: () => number): Promise<void> {
    const { name, choice, isPacketsOnly, after, input } = start;
    const isLive = input.kind === "interface";
    const isEndless = input.kind === "stream" && input.isEndless;
    const writer = (await joinPackets(start.packets, context)).writer(name);
    current = openTaking({
      ...{
        input: bytes,
        writer,
        deliver,
        context,
        choice,
        isPacketsOnly,
        after,
        isLive,
        isEndless,
        droppedBefore,
      },
    });
    await current.run();
  }

  function deliver(block: Block): Promise<void> {
    const id = deliveries++;
    return new Promise((done, fail) => {
      delivering.set(id, { done, fail });
      tell({ type: "records", id, block });
    });
  }

  function state(): TakenState | undefined {
    return addStates(past, current?.state());
  }

  function tellState(): void {
    const now = state();
    if (now === undefined) return;
    const progress = current?.progress() ?? { packets: now.packets, records: now.records };
    tell({ type: "state", state: now, progress, waits: gone ?? current?.waits() });
  }
}
