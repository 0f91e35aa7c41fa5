import { expect, test } from "vitest";
import { joined, number, part, text, tinyOnnx } from "../testing/tiny-onnx.ts";
import { readOutline } from "./outline.ts";

const OPSET = part(8, number(2, 13));

/** A model of a graph of these fields. */
function model(...graph: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array(joined(number(1, 8), OPSET, part(7, joined(...graph))));
}

/** A tensor whose numbers are in the file `secret`. */
const ELSEWHERE = joined(
  text(8, "W"),
  part(13, joined(text(1, "location"), text(2, "secret"))),
  number(14, 1),
);
const node = (...fields: readonly (readonly number[])[]) =>
  part(1, joined(text(4, "If"), part(5, joined(...fields))));

test.each<[string, readonly number[]]>([
  ["an initializer", part(5, ELSEWHERE)],
  ["an initializer that only says so", part(5, joined(text(8, "W"), number(14, 1)))],
  ["the values of a sparse initializer", part(15, part(1, ELSEWHERE))],
  ["the indices of a sparse initializer", part(15, part(2, ELSEWHERE))],
  ["an attribute", node(part(5, ELSEWHERE))],
  ["a list of an attribute", node(part(10, ELSEWHERE))],
  ["a sparse tensor of an attribute", node(part(22, part(1, ELSEWHERE)))],
  ["a list of sparse tensors of an attribute", node(part(23, part(2, ELSEWHERE)))],
  ["a graph within", node(part(6, part(5, ELSEWHERE)))],
  ["a node of a graph within", node(part(11, node(part(5, ELSEWHERE))))],
])("numbers in another file are refused: those of %s", (_, field) => {
  expect(readOutline(model(field))).toBe(
    "the numbers of its tensor `W` are in another file; save the model as one file",
  );
});

test("what would be read in two ways, or not at all, is refused", () => {
  const whole = tinyOnnx();
  const twice = new Uint8Array([...whole, ...part(7, text(2, "another"))]);
  expect(readOutline(twice)).toBe("it is no ONNX model: it has more than one graph");
  const functions = new Uint8Array([...whole, ...part(25, text(1, "mine"))]);
  expect(readOutline(functions)).toContain("it has functions of its own");
});

test("a hostile file is refused before it takes time or memory", () => {
  const many = (field: readonly number[], times: number) => {
    const bytes = new Uint8Array(field.length * times);
    for (let at = 0; at < bytes.length; at += field.length) bytes.set(field, at);
    return bytes;
  };
  const inGraph = (fields: Uint8Array) => {
    const head = joined(OPSET, part(7, []).slice(0, 1));
    const size = [0, 1, 2, 3].map((at) => (Math.floor(fields.length / 128 ** at) & 127) | (at < 3 ? 128 : 0));
    const bytes = new Uint8Array(head.length + size.length + fields.length);
    bytes.set([...head, ...size]);
    bytes.set(fields, head.length + size.length);
    return bytes;
  };
  expect(readOutline(inGraph(many(part(1, []), 1_000_001)))).toBe("it has more than 1000000 parts");
  expect(readOutline(inGraph(many(number(3, 0), 20_000_001)))).toBe("it has more than 20000000 fields");
  expect(readOutline(inGraph(many(part(11, []), 1_001)))).toBe("it has more than 1000 inputs or outputs");
  expect(readOutline(model(part(1, text(4, "A".repeat(1_001)))))).toBe(
    "one of its names has more than 1000 bytes",
  );
  let nested = joined();
  for (let depth = 0; depth < 20; depth++) nested = node(part(6, nested));
  expect(readOutline(model(nested))).toContain("graphs are nested more than 16 deep");
});
