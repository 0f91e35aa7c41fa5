import { describe, expect, test } from "vitest";
import type { Frame } from "../testing/frames.ts";
import { conversationsOf, linesOf } from "../testing/reading.ts";
import { type Talk, talk } from "../testing/talk.ts";
import { TCP } from "./segment.ts";

function swapped(played: Talk, one: number, other: number): Frame[] {
  const frames = [...played.frames];
  [frames[one], frames[other]] = [frames[other]!, frames[one]!];
  return frames;
}

describe("ports that are used again", () => {
  test("are two conversations", () => {
    const one = talk().open().say(0, "one").close();
    const two = talk({ numbers: [900_000_000, 77], startMicros: 1_800_000_000_000_000 })
      .open()
      .say(0, "two")
      .close();
    expect(conversationsOf([...one.frames, ...two.frames]).map(linesOf)).toEqual([["> one"], ["> two"]]);
  });

  test("leave late packets where they belong", () => {
    const one = talk().open().say(0, "one").say(1, "late");
    const two = talk({ numbers: [900_000_000, 3_000_000_000] })
      .open()
      .say(0, "two");
    const late = one.frames.pop()!;
    expect(conversationsOf([...one.frames, ...two.frames, late]).map(linesOf)).toEqual([
      ["> one", "< late"],
      ["> two"],
    ]);
  });

  test("leave also a SYN that comes again with the connection it is of", () => {
    const one = talk().open().say(0, "one");
    const two = talk({ numbers: [900_000_000, 3_000_000_000] })
      .open()
      .say(0, "two");
    expect(conversationsOf([...one.frames, ...two.frames, one.frames[0]!]).map(linesOf)).toEqual([
      ["> one"],
      ["> two"],
    ]);
  });

  test("but a SYN that is only repeated, or captured late, begins nothing", () => {
    const played = talk().raw(0, { flags: TCP.syn, position: -1, acknowledgement: 0 }).open().say(0, "a");
    expect(conversationsOf(swapped(played, 1, 4)).map(linesOf)).toEqual([["> a"]]);
    expect(conversationsOf(swapped(talk().open().say(0, "abc"), 0, 3)).map(linesOf)).toEqual([["> abc"]]);
  });
});
