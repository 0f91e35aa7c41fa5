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
const MODEL = { graph: 7, opset: 8, function: 25 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const NODE = { output: 2, name: 3, operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 } as const;
const TENSOR = { name: 8, external: 13, location: 14 } as const;
const SPARSE = { values: 1, indices: 2 } as const;
const NAMED = { name: 1, type: 2 } as const;
const TENSOR_TYPE = { tensor: 1, element: 1, shape: 2 } as const;
const DIMENSION = { list: 1, value: 1 } as const;

/** Graphs within graphs that are looked into; a hostile file could nest them without end. */
const MOST_DEPTH = 16;
/** Messages that are looked into, and fields that are passed: a large forest of trees has some millions of the latter. */
const MOST_MESSAGES = 1_000_000;
const MOST_FIELDS = 20_000_000;
const MOST_VALUES = 1_000;
const MOST_TENSORS = 100_000;
const MOST_NAME_BYTES = 1_000;

/** Reads the outline of a model, in one pass over the file. @returns why it is none, or cannot be used */
export function readOutline(bytes: Uint8Array): Outline | string {
  try {
    return outlineOf(new Fields(bytes, 0, bytes.length, { messages: 0, fields: 0 }));
  } catch (error) {
    if (error instanceof Malformed) return `it is cut off or damaged: ${error.message}`;
    if (error instanceof Unusable) return error.message;
    throw error;
  }
}

class Malformed extends Error {}

/** Says of a file that is whole why it is not taken. */
class Unusable extends Error {}

/** What the graphs of a model hold, as far as it is of use here. */
type Found = {
  readonly inputs: Value[];
  readonly outputs: Value[];
  /** Names of the values that the file holds. */
  readonly held: Set<string>;
  readonly operators: Map<string, Outline["operators"][number]>;
};

function outlineOf(model: Fields): Outline {
  const found: Found = { inputs: [], outputs: [], held: new Set(), operators: new Map() };
  let graphs = 0;
  let opsets = 0;
  while (model.next()) {
    if (model.is(MODEL.opset)) opsets++;
    else if (model.is(MODEL.function))
      throw new Unusable(
        "it has functions of its own, which are not read; export it with operators of ONNX only",
      );
    else if (model.is(MODEL.graph)) {
      // Readers of protocol buffers would make one of both.
      if (++graphs > 1) throw new Unusable("it is no ONNX model: it has more than one graph");
      readGraph(model.within(), found, 0);
    }
  }
  if (graphs === 0 || opsets === 0)
    throw new Unusable(
      "it is no ONNX model: it has no graph, or says of no version of operators that it uses it",
    );
  return {
    inputs: found.inputs.filter(({ name }) => !found.held.has(name)),
    outputs: found.outputs,
    operators: [...found.operators.values()],
  };
}

function readGraph(graph: Fields, found: Found, depth: number): void {
  if (depth > MOST_DEPTH) throw new Malformed(`graphs are nested more than ${MOST_DEPTH} deep`);
  while (graph.next()) {
    if (graph.is(GRAPH.node)) readNode(graph.within(), found, depth);
    else if (graph.is(GRAPH.sparseInitializer)) readSparse(graph.within());
    else if (graph.is(GRAPH.initializer)) {
      const name = readTensor(graph.within());
      if (depth === 0) found.held.add(name);
      if (found.held.size > MOST_TENSORS) throw new Unusable(`it holds more than ${MOST_TENSORS} tensors`);
    } else if (depth === 0 && graph.is(GRAPH.input)) addValue(graph.within(), found.inputs);
    else if (depth === 0 && graph.is(GRAPH.output)) addValue(graph.within(), found.outputs);
  }
}

function readNode(node: Fields, found: Found, depth: number): void {
  let [domain, operator, name, output] = ["", "", "", ""];
  while (node.next()) {
    if (node.is(NODE.domain)) domain = node.text();
    else if (node.is(NODE.operator)) operator = node.text();
    else if (node.is(NODE.name)) name = node.text();
    else if (node.is(NODE.output)) output ||= node.text();
    else if (node.is(NODE.attribute)) readAttribute(node.within(), found, depth);
  }
  domain ||= "ai.onnx";
  const key = `${domain}/${operator}`;
  if (!found.operators.has(key)) found.operators.set(key, { domain, name: operator, node: name || output });
}

function readAttribute(attribute: Fields, found: Found, depth: number): void {
  while (attribute.next()) {
    if (attribute.is(ATTRIBUTE.graph) || attribute.is(ATTRIBUTE.graphs))
      readGraph(attribute.within(), found, depth + 1);
    else if (attribute.is(ATTRIBUTE.tensor) || attribute.is(ATTRIBUTE.tensors))
      readTensor(attribute.within());
    else if (attribute.is(ATTRIBUTE.sparse) || attribute.is(ATTRIBUTE.sparses))
      readSparse(attribute.within());
  }
}

function readSparse(sparse: Fields): void {
  while (sparse.next())
    if (sparse.is(SPARSE.values) || sparse.is(SPARSE.indices)) readTensor(sparse.within());
}

/** @returns its name. @throws Unusable where its numbers are in another file: a model would read whatever it names */
function readTensor(tensor: Fields): string {
  let name = "";
  let isElsewhere = false;
  while (tensor.next()) {
    if (tensor.is(TENSOR.name)) name = tensor.text();
    else if (tensor.field === TENSOR.external) isElsewhere = true;
    else if (tensor.field === TENSOR.location && tensor.number !== 0) isElsewhere = true;
  }
  if (isElsewhere)
    throw new Unusable(
      `the numbers of its tensor \`${name}\` are in another file; save the model as one file`,
    );
  return name;
}

function addValue(value: Fields, list: Value[]): void {
  if (list.length >= MOST_VALUES) throw new Unusable(`it has more than ${MOST_VALUES} inputs or outputs`);
  let name = "";
  let read: Omit<Value, "name"> = { type: undefined, shape: undefined };
  while (value.next()) {
    if (value.is(NAMED.name)) name = value.text();
    else if (value.is(NAMED.type)) read = readType(value.within());
  }
  list.push({ name, ...read });
}

function readType(type: Fields): Omit<Value, "name"> {
  let read: Omit<Value, "name"> = { type: undefined, shape: undefined };
  while (type.next()) if (type.is(TENSOR_TYPE.tensor)) read = readTensorType(type.within());
  return read;
}

function readTensorType(tensor: Fields): Omit<Value, "name"> {
  let type: number | undefined;
  let shape: readonly number[] | undefined;
  while (tensor.next()) {
    if (tensor.field === TENSOR_TYPE.element) type = tensor.number;
    else if (tensor.is(TENSOR_TYPE.shape)) shape = readShape(tensor.within());
  }
  return { type, shape };
}

function readShape(shape: Fields): readonly number[] {
  const sizes: number[] = [];
  while (shape.next()) {
    if (!shape.is(DIMENSION.list)) continue;
    if (sizes.length >= MOST_VALUES) throw new Unusable(`a shape has more than ${MOST_VALUES} dimensions`);
    const dimension = shape.within();
    let size = -1;
    while (dimension.next())
      if (dimension.field === DIMENSION.value && dimension.number !== undefined) size = dimension.number;
    // Numbers below 0 come as very large ones.
    sizes.push(size < 2 ** 63 ? size : -1);
  }
  return sizes;
}

/** Reads the fields of one message, one after the other, without copies. */
class Fields {
  /** The number of the field that `next` came to. */
  field = 0;
  /** Its value where it is a number. */
  number: number | undefined;
  readonly #bytes: Uint8Array;
  readonly #read: { messages: number; fields: number };
  readonly #end: number;
  #at: number;
  /** Where its value begins where it is a message or a text, else -1; it ends where the next field begins. */
  #from = -1;

  /** @param read what was read of the whole file so far */
  constructor(bytes: Uint8Array, from: number, end: number, read: { messages: number; fields: number }) {
    if (++read.messages > MOST_MESSAGES) throw new Unusable(`it has more than ${MOST_MESSAGES} parts`);
    this.#bytes = bytes;
    this.#read = read;
    this.#at = from;
    this.#end = end;
  }

  /** Goes to the next field. @throws Malformed where it ends too early or is of no known form */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    if (++this.#read.fields > MOST_FIELDS) throw new Unusable(`it has more than ${MOST_FIELDS} fields`);
    const key = this.#varint();
    if (key >= 2 ** 32) throw new Malformed("the number of a field is too large");
    this.field = Math.floor(key / 8);
    const form = key % 8;
    this.#from = -1;
    this.number = undefined;
    if (form === 0) {
      this.number = this.#varint();
      return true;
    }
    const size = form === 2 ? this.#varint() : form === 1 ? 8 : form === 5 ? 4 : -1;
    if (size < 0) throw new Malformed(`a field has the form ${form}, which is none`);
    if (size > this.#end - this.#at)
      throw new Malformed(`a part of ${size} bytes has ${this.#end - this.#at}`);
    if (form === 2) this.#from = this.#at;
    this.#at += size;
    return true;
  }

  /** Whether it is this field, and a message or a text. */
  is(field: number): boolean {
    return this.field === field && this.#from >= 0;
  }

  /** The fields of the message. */
  within(): Fields {
    return new Fields(this.#bytes, this.#from, this.#at, this.#read);
  }

  text(): string {
    if (this.#at - this.#from > MOST_NAME_BYTES)
      throw new Unusable(`one of its names has more than ${MOST_NAME_BYTES} bytes`);
    return DECODER.decode(this.#bytes.subarray(this.#from, this.#at));
  }

  #varint(): number {
    let value = 0;
    for (let place = 1; ; place *= 128) {
      if (this.#at >= this.#end || place > 2 ** 63) throw new Malformed("a number does not end");
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 127) * place;
      if (byte < 128) return value;
    }
  }
}

const DECODER = new TextDecoder();
