/** Bytes that a UTF-16 unit of a text takes at the most. */
const MOST_UNIT_BYTES = 3;
/** What an entry of a table takes beside its key and value, about. */
const ROW_BYTES = 64;

/** A part of what has changed since the last checkpoint. */
export type CheckpointPart = {
  /** By `PROFILE KEY/ENTITY`; undefined: it left. */
  readonly entities: ReadonlyMap<string, Uint8Array | undefined>;
  readonly measurements: ReadonlyMap<string, Uint8Array>;
  readonly triage: readonly { readonly guid: string; readonly json: string }[];
};

/** A part of a checkpoint in the making. */
export class PartInMaking {
  /** About what it takes to write. */
  bytes = 0;
  readonly #entities = new Map<string, Uint8Array | undefined>();
  readonly #measurements = new Map<string, Uint8Array>();
  readonly #triage: { guid: string; json: string }[] = [];

  addEntity(key: string, value: Uint8Array | undefined): void {
    this.#entities.set(key, value);
    this.#count(key, value?.length ?? 0);
  }

  addMeasurement(key: string, value: Uint8Array): void {
    this.#measurements.set(key, value);
    this.#count(key, value.length);
  }

  addMessage(message: { readonly guid: string; readonly json: string }): void {
    this.#triage.push(message);
    this.#count(message.guid, message.json.length * MOST_UNIT_BYTES);
  }

  take(): CheckpointPart {
    return { entities: this.#entities, measurements: this.#measurements, triage: this.#triage };
  }

  #count(key: string, bytes: number): void {
    this.bytes += key.length * MOST_UNIT_BYTES + bytes + ROW_BYTES;
  }
}
