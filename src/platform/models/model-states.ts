import type { ModelState } from "../../api/status.ts";
import { emptyModelCounts, type ModelCounts, type ModelIdentity, modelKey } from "../../models/counts.ts";
import type { SensorDocuments } from "../documents.ts";
import type { Family, Sample } from "../exposition.ts";
import type { Snapshot } from "../protocol.ts";

/** The models that documents name, in their order. */
export function modelsInForce({ sensors }: Snapshot, documents: SensorDocuments): ModelIdentity[] {
  return sensors.flatMap(({ name: sensor, text }) =>
    (documents.placed(sensor, text)?.sensor.models ?? []).map(({ name, version, shadow }) => ({
      ...{ sensor, name, version, shadow },
    })),
  );
}

/** The models that documents name, also those that nothing was asked of yet, and those that were replaced since the start. */
export function modelStates(
  inForce: readonly ModelIdentity[],
  counted: readonly ModelCounts[],
): { models?: ModelState[] } {
  const byKey = new Map(counted.map((counts) => [modelKey(counts), counts]));
  const named = new Set(inForce.map(modelKey));
  const models = [
    ...inForce.map((identity) =>
      stateOf(
        byKey.get(modelKey(identity)) ?? emptyModelCounts(identity),
        identity.shadow ? "shadow" : "in force",
      ),
    ),
    ...counted.filter((counts) => !named.has(modelKey(counts))).map((counts) => stateOf(counts, "replaced")),
  ];
  return models.length === 0 ? {} : { models };
}

function stateOf(
  { sensor, name, version, scored, absent, reasons, late, lastAt, lastError }: ModelCounts,
  state: ModelState["state"],
): ModelState {
  return {
    ...{ sensor, name, version, state, scored, absent, reasons, late },
    lastAt: lastAt === 0 ? null : lastAt,
    ...(lastError === undefined ? {} : { lastError }),
  };
}

/** Models in Prometheus' text format; nothing where there are none. */
export function modelFamilies(models: readonly ModelState[] | undefined): Family[] {
  if (models === undefined) return [];
  const each = (value: (model: ModelState) => number): Sample[] =>
    models.map((model) => ({ labels: labelsOf(model), value: value(model) }));
  return [
    {
      ...{ name: "metron_model_scored_total", type: "counter" },
      help: "Messages that a model gave a score.",
      samples: each(({ scored }) => scored),
    },
    {
      ...{ name: "metron_model_absent_total", type: "counter" },
      help: "Messages without a score of a model, by reason.",
      samples: models.flatMap((model) =>
        Object.entries(model.reasons).map(([reason, value]) => ({
          labels: { ...labelsOf(model), reason },
          value,
        })),
      ),
    },
    {
      ...{ name: "metron_model_late_total", type: "counter" },
      help: "Messages without a score as the model took too long.",
      samples: each(({ late }) => late),
    },
    {
      ...{ name: "metron_model_last_error_timestamp_seconds", type: "gauge" },
      help: "When a model, or a feature of it, failed last; 0 when nothing did.",
      samples: each(({ lastError }) => (lastError?.at ?? 0) / 1000),
    },
  ];
}

function labelsOf({ sensor, name, version, state }: ModelState): Record<string, string> {
  return { sensor, model: name, version, state };
}
