import { afterEach, describe, expect, test } from "vitest";
import type { Table, TableHandle, TableKey, TableReader, Tables, TableValue } from "../contract.ts";
import { hashSpan, lanes } from "../hash.ts";

/** What an implementation brings to the suite. */
export type TableSubject = {
  /** Opens the same, at first empty, store again and again; the one before is disposed of first. */
  open(): Promise<Tables>;
  /** Opens a reader from what `share` returned. */
  openShared(handle: TableHandle): Promise<TableReader>;
  /** Deletes everything. */
  remove(): Promise<void>;
};

/** What every implementation of a table obeys. */
export function describeTable(name: string, subject: () => Promise<TableSubject>): void {
  describe(`table: ${name}`, () => {
    const cleanups: (() => PromiseLike<unknown>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    async function start(): Promise<TableSubject> {
      const made = await subject();
      cleanups.push(() => made.remove());
      return made;
    }

    async function openTable(made?: TableSubject): Promise<Table> {
      const tables = await (made ?? (await start())).open();
      cleanups.push(() => tables[Symbol.asyncDispose]());
      return tables.table("intel");
    }

    test("puts, gets and deletes", async () => {
      const table = await openTable();
      expect(table.get("host", "a")).toBeUndefined();
      await table.put("host", "a", { name: "alpha" });
      expect(table.get("host", "a")).toEqual({ name: "alpha" });
      expect(table.get("other", "a")).toBeUndefined();
      await table.put("host", "a", 7);
      expect(table.get("host", Buffer.from("a"))).toBe(7);
      expect(await table.delete("host", "a")).toBe(true);
      expect(await table.delete("host", "a")).toBe(false);
      expect(table.get("host", "a")).toBeUndefined();
    });

    test.each<[string, TableValue]>([
      ["null", null],
      ["a boolean", false],
      ["an integer", -42],
      ["a fraction", 0.1],
      ["a long", 9_007_199_254_740_993n],
      ["text", "käse 🧀"],
      ["empty text", ""],
      ["bytes", Buffer.from([0, 255])],
      ["a list", [1, [2, null], "x"]],
      ["an object", { a: { b: [1.5] }, "odd key:.": true }],
    ])("keeps %s", async (_what, value) => {
      const table = await openTable();
      await table.put("t", "k", value);
      expect(table.get("t", "k")).toEqual(value);
    });

    test.each(["\0", "\u{10ffff}", "key with spaces", "ключ", "x".repeat(1900)])(
      "keeps the key %j",
      async (key) => {
        const table = await openTable();
        await table.put("t", key, 1);
        expect(table.get("t", key)).toBe(1);
        expect([...table.range("t")]).toEqual([{ key, value: 1 }]);
      },
    );

    test("refuses keys that are empty or too long, and finds nothing under them", async () => {
      const table = await openTable();
      for (const key of ["", "x".repeat(1901)]) {
        await expect(async () => table.put("t", key, 1)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
        expect(table.get("t", key)).toBeUndefined();
      }
    });

    test("ranges in byte order", async () => {
      const table = await openTable();
      for (const key of ["b", "a", "ab", "c", "ba", "é"]) await table.put("t", key, key);
      await table.put("s", "b", "of another type");
      const keys = (range?: Parameters<Table["range"]>[1]) =>
        [...table.range("t", range)].map(({ key }) => key);
      expect(keys()).toEqual(["a", "ab", "b", "ba", "c", "é"]);
      expect(keys({ reverse: true })).toEqual(["é", "c", "ba", "b", "ab", "a"]);
      expect(keys({ from: "ab", to: "c" })).toEqual(["ab", "b", "ba"]);
      expect(keys({ from: "ab", to: "c", reverse: true })).toEqual(["ba", "b", "ab"]);
      expect(keys({ prefix: "b" })).toEqual(["b", "ba"]);
      expect(keys({ prefix: "b", reverse: true })).toEqual(["ba", "b"]);
      expect(keys({ prefix: "b", limit: 1 })).toEqual(["b"]);
      expect(keys({ limit: 2, reverse: true })).toEqual(["é", "c"]);
      expect(keys({ from: "x", to: "b" })).toEqual([]);
      expect([...table.range("none")]).toEqual([]);
    });

    test("writes several changes at once, and nothing when one is refused", async () => {
      const table = await openTable();
      await table.put("a", "old", 1);
      await table.write([
        { type: "a", key: "old" },
        { type: "a", key: "new", value: 2 },
        { type: "b", key: "x", value: 3 },
      ]);
      expect([table.get("a", "old"), table.get("a", "new"), table.get("b", "x")]).toEqual([undefined, 2, 3]);
      const bad = [
        { type: "a", key: "y", value: 1 },
        { type: "a", key: "", value: 1 },
      ];
      await expect(async () => table.write(bad)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
      expect(table.get("a", "y")).toBeUndefined();
    });

    test("versions grow with every write of the type", async () => {
      const table = await openTable();
      expect(table.version("a")).toBe(0);
      await table.put("a", "k", 1);
      const first = table.version("a");
      await table.put("b", "k", 1);
      expect(table.version("a")).toBe(first);
      await table.delete("a", "k");
      expect(table.version("a")).toBeGreaterThan(first);
      await table.clear("a");
      expect(table.version("a")).toBe(0);
      await table.put("a", "k", 1);
      expect(table.version("a")).toBeGreaterThan(first + 1);
    });

    test("loads many entries, and replaces a type by others", async () => {
      const table = await openTable();
      const entries = (prefix: string, count: number): [string, number][] =>
        Array.from({ length: count }, (_, index) => [`${prefix}${index * 7919}`, index]);
      expect(await table.load("ip", entries("a", 40_000))).toBe(40_000);
      expect(await table.load("ip", entries("b", 10))).toBe(10);
      await table.put("other", "a0", "stays");
      expect(table.types()).toMatchObject([
        { type: "ip", entries: 40_010 },
        { type: "other", entries: 1 },
      ]);
      const lookup = table.lookup("ip");
      async function* fresh() {
        yield* entries("c", 20_000);
      }
      expect(await table.load("ip", fresh(), { replace: true })).toBe(20_000);
      expect(ask(lookup, "a0")).toBeUndefined();
      expect(ask(lookup, "c7919")).toBe(1);
      expect(table.types()[0]).toMatchObject({ type: "ip", entries: 20_000 });
      expect(table.get("other", "a0")).toBe("stays");
    });

    test("a replacement that fails leaves the type as it was", async () => {
      const table = await openTable();
      await table.put("ip", "kept", 1);
      function* broken(): Generator<[string, number]> {
        yield ["new", 1];
        throw new Error("line 2: not an address");
      }
      await expect(table.load("ip", broken(), { replace: true })).rejects.toThrow("line 2");
      expect([...table.range("ip")]).toEqual([{ key: "kept", value: 1 }]);
    });

    test("clears one type", async () => {
      const table = await openTable();
      await table.put("a", "k", 1);
      await table.put("b", "k", 2);
      await table.clear("a");
      expect(table.get("a", "k")).toBeUndefined();
      expect(table.types().map(({ type }) => type)).toEqual(["b"]);
      await table.put("a", "j", 3);
      expect([...table.range("a")]).toEqual([{ key: "j", value: 3 }]);
    });

    test("looks up spans of bytes, and surely knows most misses", async () => {
      const table = await openTable();
      const lookup = table.lookup("ip");
      expect(lookup.mightHave(Buffer.from("x"), 0, 1)).toBe(false);
      const keys = Array.from({ length: 50_000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`);
      await table.load(
        "ip",
        keys.map((key) => [key, true]),
      );
      await table.load("domain", [["example.org", true]]);
      const text = Buffer.from("ip=10.0.7.1;");
      expect(lookup.get(text, 3, 11)).toBe(true);
      hashSpan(text, 3, 11);
      const [low, high] = lanes;
      expect(lookup.mightHaveHashed(low as number, high as number)).toBe(true);
      expect(table.lookup("domain").get(text, 3, 11)).toBeUndefined();
      for (const key of keys) {
        const bytes = Buffer.from(key);
        if (!lookup.mightHave(bytes, 0, bytes.length)) throw new Error(`${key} is denied`);
      }
      let wrong = 0;
      for (let index = 0; index < 50_000; index++) {
        const bytes = Buffer.from(`172.${index >> 8}.${index & 255}.1`);
        if (lookup.mightHave(bytes, 0, bytes.length)) wrong++;
      }
      expect(wrong).toBeLessThan(500);
    });

    test("a shared reader sees every write once it resolved, through growth of the filter too", async () => {
      const made = await start();
      const table = await openTable(made);
      const shared = await made.openShared(structuredClone(table.share()));
      cleanups.push(() => shared[Symbol.asyncDispose]());
      const lookup = shared.lookup("ip");
      for (let round = 0; round < 6; round++) {
        const entries = Array.from({ length: 12_000 }, (_, index): [string, number] => [
          `${round}-${index}`,
          round,
        ]);
        await table.load("ip", entries);
        for (const earlier of [0, round]) expect(ask(lookup, `${earlier}-11999`)).toBe(earlier);
      }
      await table.delete("ip", "0-0");
      expect(ask(lookup, "0-0")).toBeUndefined();
      expect(shared.version("ip")).toBe(table.version("ip"));
    });

    test("watching names the types that changed", async () => {
      const made = await start();
      const table = await openTable(made);
      await table.put("before", "k", 1);
      const shared = await made.openShared(structuredClone(table.share()));
      cleanups.push(() => shared[Symbol.asyncDispose]());
      const stop = new AbortController();
      const seen: string[] = [];
      const watching = (async () => {
        for await (const types of shared.watch({ signal: stop.signal })) {
          seen.push(...types);
          if (seen.includes("c")) stop.abort();
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await table.put("a", "k", 1);
      await table.write([
        { type: "b", key: "k", value: 1 },
        { type: "c", key: "k", value: 1 },
      ]);
      await watching;
      expect(new Set(seen)).toEqual(new Set(["a", "b", "c"]));
    });

    test("everything is there after opening again", async () => {
      const made = await start();
      const tables = await made.open();
      const table = await tables.table("intel");
      await table.load(
        "ip",
        Array.from({ length: 20_000 }, (_, index): [string, number] => [`k${index}`, index]),
      );
      await table.load("ip", [["only", 1]], { replace: true });
      await table.put("b", "k", "v");
      await (await tables.table("config")).put("sensor", "bro", {});
      const version = table.version("ip");
      await tables[Symbol.asyncDispose]();
      const again = await made.open();
      cleanups.push(() => again[Symbol.asyncDispose]());
      const reopened = await again.table("intel");
      expect(reopened.get("ip", "only")).toBe(1);
      expect(reopened.get("b", "k")).toBe("v");
      expect(reopened.version("ip")).toBe(version);
      expect(reopened.types()).toMatchObject([
        { type: "b", entries: 1 },
        { type: "ip", entries: 1 },
      ]);
      expect(await again.list()).toEqual(["config", "intel"]);
    });

    test("many writes in flight keep their order", async () => {
      const table = await openTable();
      const writes = [];
      for (let index = 0; index < 200; index++) writes.push(table.put("t", `k${index % 3}`, index));
      await Promise.all(writes);
      expect([...table.range("t")].map(({ value }) => value)).toEqual([198, 199, 197]);
      expect(table.version("t")).toBe(200);
    });
  });
}

function ask(lookup: ReturnType<TableReader["lookup"]>, key: TableKey): TableValue | undefined {
  const bytes = Buffer.from(key);
  return lookup.get(bytes, 0, bytes.length);
}
