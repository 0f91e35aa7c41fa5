import { expect, test } from "vitest";
import { LOCAL, mayAct, ROLES } from "./actor.ts";
import { everyFault, openEvery, throwEvery } from "./every.ts";
import { FAULTS, Fault, failureOf, isOutside } from "./fault.ts";

const coded = (code: string | number) => Object.assign(new Error("it did not work"), { code });

test.each<[name: string, error: unknown, isFromOutside: boolean]>([
  ["a fault", new Fault("DISK_FULL", "writing x: full"), true],
  ["an error of the system", coded("ENOENT"), true],
  ["an error of a store", coded(-30784), true],
  ["a check of Node's own of an argument", coded("ERR_STRING_TOO_LONG"), false],
  ["a bug", new TypeError("x is undefined"), false],
  ["a text that was thrown", "text", false],
  ["an object that was thrown", { code: "ENOENT" }, false],
])("%s: it comes from outside of the records at hand: %s", (_name, error, isFromOutside) => {
  expect(isOutside(error)).toBe(isFromOutside);
});

test.each<[name: string, error: unknown, code: string, message: string]>([
  [
    "a fault keeps its code",
    new Fault("TOO_BUSY", "searching: many wait"),
    "TOO_BUSY",
    "searching: many wait",
  ],
  ["a full disk has its own", coded("ENOSPC"), "DISK_FULL", "it did not work"],
  ["so has a full quota", coded("EDQUOT"), "DISK_FULL", "it did not work"],
  ["another error has that of its catcher", coded("EIO"), "STORAGE_CORRUPT", "it did not work"],
  ["what is no error is told as text", 7, "STORAGE_CORRUPT", "7"],
])("%s", (_name, error, code, message) => {
  expect(failureOf(error, "STORAGE_CORRUPT")).toEqual({ code, message });
});

test("a fault says what to do, and what it came from", () => {
  const cause = new Error("no such file");
  const fault = new Fault("STORAGE_LOCKED", "opening x: locked", { cause, details: { pid: 7 } });
  expect(fault).toMatchObject({ name: "Fault", status: 500, cause, details: { pid: 7 } });
  expect(fault.advice).toBe(FAULTS.STORAGE_LOCKED.advice);
  expect(new Fault("REQUEST_INVALID", "x", { advice: "Wait for it." }).advice).toBe("Wait for it.");
  expect("cause" in new Fault("TOO_BUSY", "x"), "without a cause there is none").toBe(false);
});

test("every advice is a sentence", () => {
  for (const [code, { advice, status }] of Object.entries(FAULTS)) {
    expect(advice, code).toMatch(/^[A-Z`].*\.$/s);
    expect(status, code).toBeGreaterThanOrEqual(400);
  }
});

const wrong = (message: string) => new Fault("CONFIG_INVALID", message);
const openAll = (parts: readonly (string | Error)[]) =>
  openEvery(parts, (part, index) => {
    if (typeof part !== "string") throw part;
    return `${index}${part}`;
  });

test("every part of a document is opened, and has its number", () => {
  expect(openAll(["a", "b"])).toEqual(["0a", "1b"]);
});

test("one mistake is thrown as it is; of several each can be had alone, also of several within", () => {
  const [one, two, three] = [wrong("one"), wrong("two"), wrong("three")];
  expect(() => openAll(["a", one])).toThrow(one);
  const seen: number[] = [];
  const open = () =>
    openEvery([one, undefined, two], (part, index) => {
      seen.push(index);
      if (part !== undefined) throw part;
    });
  expect(open).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: "one\ntwo" }));
  expect(seen, "parts behind a mistake are opened too").toEqual([0, 1, 2]);
  const thrown = (faults: readonly Fault[]): Fault => {
    try {
      return throwEvery(faults);
    } catch (error) {
      return error as Fault;
    }
  };
  expect(everyFault(one)).toEqual([one]);
  expect(everyFault(thrown([thrown([one, two]), three]))).toEqual([one, two, three]);
});

test("a bug in a part is no mistake of the document, and ends it at once", () => {
  const bug = new TypeError("x is undefined");
  expect(() => openAll([wrong("one"), bug, wrong("two")])).toThrow(bug);
});

test("whoever has a role may do what those before it may", () => {
  for (const [rank, role] of ROLES.entries())
    for (const [needed, other] of ROLES.entries())
      expect(mayAct({ name: "x", role }, other), `${role} does what needs ${other}`).toBe(rank >= needed);
  expect(mayAct(LOCAL, "admin")).toBe(true);
});
