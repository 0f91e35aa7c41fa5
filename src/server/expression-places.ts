import type { ExpressionPlace } from "../api/config.ts";
import type { Components } from "../config/components.ts";
import { expressionsIn } from "../config/expressions.ts";
import { readSensor, sensorSchema } from "../config/sensor.ts";
import { Fault } from "../core/fault.ts";

/** Where the expressions of a sensor document are in its text; undefined while it cannot be read as one. */
export function placeExpressions(
  text: string,
  components: Components,
): readonly ExpressionPlace[] | undefined {
  try {
    const { sensor, document } = readSensor(text, "document");
    return expressionsIn(sensorSchema, sensor, components).flatMap(({ path, from, text: expression }) => {
      const units = document.units(path);
      const first = units?.starts[from + expression.search(/\S/)];
      const last = units?.ends[from + expression.trimEnd().length - 1];
      return first === undefined || last === undefined ? [] : { from: first, to: last };
    });
  } catch (error) {
    if (error instanceof Fault && error.code === "CONFIG_INVALID") return undefined;
    throw error;
  }
}
