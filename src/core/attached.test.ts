import fc from "fast-check";
import { expect, test } from "vitest";
import { type Attached, AttachedReader, attach, copyAttached } from "./attached.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("what was attached comes back, also from a copy of a part", () => {
  const header = fc.record({
    name: fc.string({ unit: "grapheme", maxLength: 200 }),
    value: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
  });
  const record = fc.record({
    key: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
    headers: fc.array(header, { maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), (records, from) => {
      const attached = attach(records);
      expect(valuesOf(attached)).toEqual(records.map(plain));
      const first = from % records.length;
      expect(valuesOf(copyAttached(attached, first))).toEqual(records.slice(first).map(plain));
    }),
  );
});

test("a key may be empty, which is not the same as none", () => {
  expect(valuesOf(attach([{ key: "" }, {}]))).toEqual([
    { key: [], headers: [] },
    { key: undefined, headers: [] },
  ]);
});

test.each([
  ["a key", Uint8Array.of(20, 65), /longer than the record/],
  ["a header", Uint8Array.of(1, 1, 2, 2, 65, 40), /longer than the record/],
  ["so many headers that none of them is there", Uint8Array.of(1, 1, 0xfe, 0xff, 0x0f), /no end/],
])("%s that is longer than the bytes is refused", (_what, broken, message) => {
  const reader = new AttachedReader({ bytes: broken, starts: Uint32Array.of(0) });
  expect(() => reader.seek(0)).toThrow(message);
});

test("names are text and a value may be missing", () => {
  const attached = attach([
    {
      headers: [
        { name: "käse", value: bytes("1") },
        { name: "", value: undefined },
      ],
    },
  ]);
  const reader = new AttachedReader(attached);
  reader.seek(0);
  expect([...reader.each()].map(({ name, value }) => [name, value && [...value]])).toEqual([
    ["käse", [49]],
    ["", undefined],
  ]);
});

function valuesOf(attached: Attached) {
  const reader = new AttachedReader(attached);
  return Array.from(attached.starts, (_, record) => {
    reader.seek(record);
    return plain({ key: reader.key(), headers: [...reader.each()] });
  });
}

function plain({
  key,
  headers,
}: {
  key: Uint8Array | undefined;
  headers: readonly { name: string; value: Uint8Array | undefined }[];
}) {
  return {
    key: key && [...key],
    headers: headers.map(({ name, value }) => ({ name, value: value && [...value] })),
  };
}
