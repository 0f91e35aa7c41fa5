/** Writes small models of ONNX byte by byte, so that tests need no other program for them. */

/** What a model computes: nodes over the input `X`, the weights `W`, and the output `Y`. */
export type TinyModel = {
  readonly nodes?: readonly {
    readonly operator: string;
    readonly domain?: string;
    readonly inputs: readonly string[];
  }[];
  /** Shape of `X` and of `Y`; -1 is a free dimension. */
  readonly input?: readonly number[];
  readonly output?: readonly number[] | "none";
  /** `TensorProto.DataType` of `X`. */
  readonly type?: number;
  /** A matrix of a row per feature, and its columns. */
  readonly weights?: readonly number[];
  readonly columns?: number;
};

const FLOAT = 1;

/** By default `Y = X · W` with two features of the weights 2 and 3. */
export function tinyOnnx({
  nodes = [{ operator: "MatMul", inputs: ["X", "W"] }],
  input = [-1, 2],
  output = [-1, 1],
  type = FLOAT,
  weights = [2, 3],
  columns = 1,
}: TinyModel = {}): Uint8Array<ArrayBuffer> {
  const written = nodes.map(({ operator, domain = "", inputs }, index) =>
    joined(
      ...inputs.map((name) => text(1, name)),
      text(2, index === nodes.length - 1 ? "Y" : `between${index}`),
      text(3, `node${index}`),
      text(4, operator),
      domain === "" ? [] : text(7, domain),
    ),
  );
  const raw = new Uint8Array(new Float32Array(weights).buffer);
  const tensor = joined(
    number(1, weights.length / columns),
    number(1, columns),
    number(2, FLOAT),
    text(8, "W"),
    part(9, raw),
  );
  const graph = joined(
    ...written.map((node) => part(1, node)),
    text(2, "tiny"),
    part(5, tensor),
    part(11, value("X", type, input)),
    part(12, value("Y", FLOAT, output)),
  );
  const opsets = ["", "ai.onnx.ml", "com.example"].map((domain) =>
    part(8, joined(text(1, domain), number(2, domain === "" ? 13 : 1))),
  );
  return new Uint8Array(joined(number(1, 8), ...opsets, part(7, graph)));
}

/** Squares of a matrix of all messages with all: half a minute or more for 4,000 of them. */
export function heavyOnnx(): Uint8Array<ArrayBuffer> {
  return tinyOnnx({
    nodes: [
      { operator: "Transpose", inputs: ["X"] },
      { operator: "MatMul", inputs: ["X", "between0"] },
      { operator: "MatMul", inputs: ["between1", "between1"] },
      { operator: "MatMul", inputs: ["between2", "between2"] },
      { operator: "MatMul", inputs: ["between3", "between3"] },
      { operator: "MatMul", inputs: ["between4", "between4"] },
      { operator: "MatMul", inputs: ["between5", "X"] },
      { operator: "MatMul", inputs: ["between6", "W"] },
    ],
  });
}

function value(name: string, type: number, shape: readonly number[] | "none"): number[] {
  if (shape === "none") return joined(text(1, name), part(2, part(1, number(1, type))));
  const dimensions = shape.map((size) => part(1, size < 0 ? text(2, "n") : number(1, size)));
  return joined(text(1, name), part(2, part(1, joined(number(1, type), part(2, joined(...dimensions))))));
}

export function joined(...parts: readonly (readonly number[])[]): number[] {
  return parts.flat();
}

export function text(field: number, content: string): number[] {
  return part(field, new TextEncoder().encode(content));
}

export function part(field: number, content: ArrayLike<number>): number[] {
  return [varint(field * 8 + 2), varint(content.length), Array.from(content)].flat();
}

export function number(field: number, content: number): number[] {
  return [...varint(field * 8), ...varint(content)];
}

function varint(content: number): number[] {
  return content < 128 ? [content] : [(content % 128) + 128, ...varint(Math.floor(content / 128))];
}
