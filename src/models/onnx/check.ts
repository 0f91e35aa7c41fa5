/** Whether a file of ONNX is a model for some features: one input of numbers, one output with a score, operators that exist. */
import { OPERATORS } from "./operators.ts";
import type { Outline, Value } from "./outline.ts";

/** What the runtime is to be asked for. */
export type OnnxPlan = {
  readonly input: string;
  readonly output: string;
  /** Which number of the output's row is the score; the last when left out, which is known when it runs. */
  readonly column: number | undefined;
};

const FLOAT = 1;
const DOUBLE = 11;
/** Inputs or outputs that a refusal names. */
const MOST_NAMES = 10;

/**
 * Checks a model.
 * @param features how many numbers it gets per message
 * @param wanted the output and the column that hold the score; the first output of numbers and its last column where left out
 * @returns what is wrong with it
 */
export function planOf(
  outline: Outline,
  features: number,
  wanted: { readonly output?: string | undefined; readonly column?: number | undefined },
): OnnxPlan | string {
  const unknown = outline.operators.find(({ domain, name }) => OPERATORS.get(domain)?.has(name) !== true);
  if (unknown !== undefined)
    return `nobody knows its operator ${unknown.domain}:${unknown.name} (node \`${unknown.node}\`)`;
  const input = inputOf(outline, features);
  if (typeof input === "string") return input;
  const output = outputOf(outline, wanted.output);
  if (typeof output === "string") return output;
  const { column } = wanted;
  const width = widthOf(output);
  if (width !== undefined && (column ?? 0) >= width)
    return `its output \`${output.name}\` has ${width} numbers per message, and column ${column ?? 0} is asked for, counted from 0`;
  return { input: input.name, output: output.name, column };
}

/** How many numbers an output has per message; undefined where only running it will show. */
function widthOf({ shape }: Value): number | undefined {
  if (shape?.length === 1) return 1;
  const width = shape?.[1] ?? -1;
  return width < 0 ? undefined : width;
}

function inputOf({ inputs }: Outline, features: number): Value | string {
  const [input, other] = inputs;
  if (input === undefined) return "it has no input";
  const wanted = `expected one input of float numbers, ${features} per message`;
  if (other !== undefined) return `it has the inputs ${namesOf(inputs)}; ${wanted}`;
  const { name, type, shape } = input;
  if (type !== FLOAT) return `its input \`${name}\` does not hold float numbers; ${wanted}`;
  if (shape === undefined) return input;
  const [messages = 0, width = 0] = shape;
  if (shape.length !== 2 || (width !== features && width !== -1))
    return `its input \`${name}\` has the shape ${shapeText(shape)}; ${wanted}: [messages, ${features}]`;
  if (messages > 0)
    return `its input \`${name}\` takes ${messages} message${messages === 1 ? "" : "s"} at a time; export it with a free first dimension`;
  return input;
}

function outputOf({ outputs }: Outline, wanted: string | undefined): Value | string {
  const isScore = ({ type, shape }: Value): boolean =>
    (type === FLOAT || type === DOUBLE) && (shape === undefined || shape.length === 1 || shape.length === 2);
  if (wanted === undefined)
    return (
      outputs.find(isScore) ??
      `none of its outputs ${namesOf(outputs)} holds a float number per message; models of scikit-learn are exported with \`zipmap: False\``
    );
  const output = outputs.find(({ name }) => name === wanted);
  if (output === undefined) return `it has no output \`${wanted}\`; it has ${namesOf(outputs)}`;
  return isScore(output) ? output : `its output \`${wanted}\` holds no float number per message`;
}

function namesOf(values: readonly Value[]): string {
  const names = values.slice(0, MOST_NAMES).map(({ name }) => `\`${name}\``);
  return names.join(", ") + (values.length > MOST_NAMES ? ` and ${values.length - MOST_NAMES} more` : "");
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.map((size) => (size < 0 ? "?" : size)).join(", ")}]`;
}
