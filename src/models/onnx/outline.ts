/**
 * What a file of ONNX says of itself: inputs, outputs and operators. It is read without running anything, so that a document is refused
 * for a model that cannot work before it is in force. The format is protocol buffers, onnx.proto of https://github.com/onnx/onnx.
 */

/** An input or output. `shape` has -1 where a dimension is free; undefined for what is no tensor, or has no shape. */
export type Value = {
  readonly name: string;
  /** Number of `TensorProto.DataType`; undefined for what is no tensor. */
  readonly type: number | undefined;
  readonly shape: readonly number[] | undefined;
};

export type Outline = {
  /** What has to be handed in: inputs without those that the file holds values of. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Each kind of operator once, with the first node that has it. */
  readonly operators: readonly { readonly domain: string; readonly name: string; readonly node: string }[];
};

/** Fields of the messages, by the names of onnx.proto. */
const MODEL = { graph: 7, opsets: 8 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { output: 2, name: 3, operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { graph: 6, graphs: 11 } as const;
const TENSOR_NAME = 8;
const NAMED = { name: 1, type: 2 } as const;
const TENSOR_TYPE = { tensor: 1, element: 1, shape: 2 } as const;
const DIMENSION = { list: 1, value: 1 } as const;

/** Graphs within graphs that are looked into; a hostile file could nest them without end. */
const MOST_DEPTH = 16;

/** Reads the outline of a model. @returns why it is none */
export function readOutline(bytes: Uint8Array): Outline | string {
  try {
    const graph = messageOf(bytes, MODEL.graph);
    if (graph === undefined || messageOf(bytes, MODEL.opsets) === undefined)
      return "it is no ONNX model: it has no graph, or says of no version of operators that it uses it";
    const operators = new Map<string, Outline["operators"][number]>();
    addOperators(graph, operators, 0);
    const held = new Set(messagesOf(graph, GRAPH.initializer).map((tensor) => textOf(tensor, TENSOR_NAME)));
    return {
      inputs: messagesOf(graph, GRAPH.input)
        .map(readValue)
        .filter(({ name }) => !held.has(name)),
      outputs: messagesOf(graph, GRAPH.output).map(readValue),
      operators: [...operators.values()],
    };
  } catch (error) {
    if (error instanceof Malformed) return `it is cut off or damaged: ${error.message}`;
    throw error;
  }
}

class Malformed extends Error {}

function addOperators(
  graph: Uint8Array,
  operators: Map<string, Outline["operators"][number]>,
  depth: number,
): void {
  if (depth > MOST_DEPTH) throw new Malformed(`graphs are nested more than ${MOST_DEPTH} deep`);
  for (const node of messagesOf(graph, GRAPH.node)) {
    const domain = textOf(node, NODE.domain) || "ai.onnx";
    const name = textOf(node, NODE.operator);
    const key = `${domain}/${name}`;
    if (!operators.has(key))
      operators.set(key, { domain, name, node: textOf(node, NODE.name) || textOf(node, NODE.output) });
    for (const attribute of messagesOf(node, NODE.attribute)) {
      for (const field of [ATTRIBUTE.graph, ATTRIBUTE.graphs])
        for (const inner of messagesOf(attribute, field)) addOperators(inner, operators, depth + 1);
    }
  }
}

function readValue(value: Uint8Array): Value {
  const name = textOf(value, NAMED.name);
  const type = messageOf(value, NAMED.type);
  const tensor = type === undefined ? undefined : messageOf(type, TENSOR_TYPE.tensor);
  if (tensor === undefined) return { name, type: undefined, shape: undefined };
  const shape = messageOf(tensor, TENSOR_TYPE.shape);
  const sizes =
    shape === undefined
      ? undefined
      : messagesOf(shape, DIMENSION.list).map((dimension) => numberOf(dimension, DIMENSION.value) ?? -1);
  return { name, type: numberOf(tensor, TENSOR_TYPE.element), shape: sizes };
}

function textOf(message: Uint8Array, field: number): string {
  const bytes = messageOf(message, field);
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}

function messageOf(message: Uint8Array, field: number): Uint8Array | undefined {
  return messagesOf(message, field).at(-1);
}

/** The values of a field that have a length: messages and texts. */
function messagesOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { field, bytes } of fieldsOf(message))
    if (field === wanted && bytes !== undefined) found.push(bytes);
  return found;
}

/** The last number of a field. */
function numberOf(message: Uint8Array, wanted: number): number | undefined {
  let found: number | undefined;
  for (const { field, number } of fieldsOf(message))
    if (field === wanted && number !== undefined) found = number;
  return found;
}

type Field = {
  readonly field: number;
  readonly bytes?: Uint8Array;
  readonly number?: number;
};

/** The fields of a message. @throws Malformed where they end too early or are of no known form */
function* fieldsOf(message: Uint8Array): Iterable<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let place = 1; ; place *= 128) {
      const byte = message[at++];
      if (byte === undefined || place > 2 ** 63) throw new Malformed("a number does not end");
      value += (byte & 127) * place;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const form = key % 8;
    if (form === 0) {
      yield { field, number: varint() };
      continue;
    }
    const size = form === 2 ? varint() : form === 1 ? 8 : form === 5 ? 4 : -1;
    if (size < 0) throw new Malformed(`a field has the form ${form}, which is none`);
    if (at + size > message.length) throw new Malformed(`a part of ${size} bytes has ${message.length - at}`);
    if (form === 2) yield { field, bytes: message.subarray(at, at + size) };
    at += size;
  }
}
