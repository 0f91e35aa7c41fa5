import { type GlobalDocument, readGlobal } from "../config/global.ts";
import type { PlacedSensor } from "../config/sensor.ts";
import { refuse } from "../config/yaml.ts";
import type { Context } from "../core/context.ts";
import type { SensorStages } from "../pipeline/pipeline.ts";
import { openStages } from "../pipeline/stages.ts";
import { checkExpressions } from "./check-expressions.ts";
import { SensorDocuments } from "./documents.ts";
import { openFunctions } from "./functions.ts";
import { isOfUnknownFunction } from "./missing-names.ts";
import type { Snapshot } from "./protocol.ts";
import type { PipelineServices } from "./services.ts";

/** Opens the stages of a sensor. */
export type Open = () => SensorStages;

/**
 * The sensors of a thread, each with how its stages are opened. A sensor for which a publish changed nothing keeps its function `open`,
 * so that its loops know that they may keep their stages, and with them all that these have compiled and looked up.
 */
export class Sensors {
  readonly #services: PipelineServices;
  readonly #context: Context;
  readonly #documents = new SensorDocuments();
  /** The functions of users in use; they are taken again when others are published. */
  #functions: string | undefined;
  /** What the stages of every sensor depend on: the global document and the functions. */
  #common = "";
  #opens = new Map<string, { readonly version: number; readonly open: Open }>();

  constructor(services: PipelineServices, context: Context) {
    this.#services = services;
    this.#context = context;
  }

  /** Takes functions of users into use, unless they are. @throws Fault CONFIG_INVALID; then those before are in use. */
  async takeFunctions({ functions }: Snapshot): Promise<void> {
    const key = JSON.stringify(functions);
    if (key === this.#functions) return;
    this.#services.takeFunctions(await openFunctions(functions));
    this.#functions = key;
  }

  /** Takes documents over; answers the sensors in force. @throws Fault CONFIG_INVALID; then those before are in force. */
  take(snapshot: Snapshot): ReadonlyMap<string, Open> {
    const global = readGlobal(snapshot.global.text, "global");
    const common = JSON.stringify([snapshot.global.version, this.#functions]);
    const before = common === this.#common ? this.#opens : undefined;
    const opens = new Map<string, { version: number; open: Open }>();
    for (const { name, version, text } of snapshot.sensors) {
      const known = before?.get(name);
      if (known?.version === version) {
        opens.set(name, known);
        continue;
      }
      const placed = this.#documents.read(name, text);
      const open = () => {
        refuseMissing(placed, this.#services, global);
        return openStages(placed, global, this.#services, this.#context, { isInForce: true });
      };
      opens.set(name, { version, open });
    }
    this.#common = common;
    this.#opens = opens;
    this.#documents.keep(new Set(opens.keys()));
    return new Map([...opens].map(([name, { open }]) => [name, open]));
  }
}

/**
 * A function that was there when the document was published may be gone, its file or package removed. That is no
 * record's fault: telemetry waits for it. Other mistakes are met record by record, as in the original.
 */
function refuseMissing(placed: PlacedSensor, services: PipelineServices, global: GlobalDocument): void {
  const { errors } = checkExpressions(placed, services.environment(global), services.components);
  const missing = errors.filter(({ message }) => isOfUnknownFunction(message));
  if (missing.length > 0) refuse(placed.name, missing);
}
