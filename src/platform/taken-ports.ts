import type { Components } from "../config/components.ts";
import { mistakeAt, type PlacedSensor } from "../config/sensor.ts";
import type { Mistake } from "../config/yaml.ts";
import { checkOptions, findNamed } from "../core/component.ts";
import { Fault } from "../core/fault.ts";
import type { ListenPort } from "../sources/source.ts";

/** A source that listens: of which sensor, and where. */
type Listener = ListenPort & { readonly placed: PlacedSensor; readonly source: string };

/**
 * Ports that two sources of a configuration want, as a mistake of the sensor that is new, by its name.
 * @param sensors all sensors as they would be
 * @param isNew whether a sensor is among the changes; of two that are, the later one has the mistake
 */
export function takenPorts(
  sensors: readonly PlacedSensor[],
  components: Components,
  isNew: (sensor: string) => boolean,
): ReadonlyMap<string, readonly Mistake[]> {
  const found = new Map<string, Mistake[]>();
  const listeners = sensors.flatMap((placed) => listenersOf(placed, components));
  // Who is in force already has the port.
  const inOrder = [
    ...listeners.filter(({ placed }) => !isNew(placed.sensor.sensor)),
    ...listeners.filter(({ placed }) => isNew(placed.sensor.sensor)),
  ];
  for (const [index, listener] of inOrder.entries()) {
    const { placed, source, port } = listener;
    const { sensor } = placed.sensor;
    const other = inOrder.slice(0, index).find((each) => collide(each, listener));
    if (other === undefined || !isNew(sensor)) continue;
    const own = found.get(sensor) ?? [];
    found.set(sensor, own);
    const path = ["source", source, "port"];
    // One that listens for two protocols says it once.
    if (own.some((mistake) => mistake.path === path.join("."))) continue;
    const message = `port ${port} is taken by sensor/${other.placed.sensor.sensor}; choose another one`;
    own.push(mistakeAt(placed, path, message));
  }
  return found;
}

function listenersOf(placed: PlacedSensor, { sources }: Components): Listener[] {
  return Object.entries(placed.sensor.source ?? {}).flatMap(([source, options]) => {
    const definition = findNamed(sources, source);
    if (definition?.listens === undefined) return [];
    try {
      const ports = definition.listens(checkOptions(definition, options));
      return ports.map((port) => ({ ...port, placed, source }));
    } catch (error) {
      // What is wrong with the options is told where they are opened.
      if (error instanceof Fault) return [];
      throw error;
    }
  });
}

function collide(one: Listener, other: Listener): boolean {
  if (one.port !== other.port || one.port === 0 || one.protocol !== other.protocol) return false;
  return one.host === other.host || isEvery(one.host) || isEvery(other.host);
}

/** Whether a host stands for all addresses of the machine. */
function isEvery(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
