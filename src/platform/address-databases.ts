import type { GlobalDocument } from "../config/global.ts";
import { Fault } from "../core/fault.ts";
import { type DatabaseHandles, loadDatabases } from "../enrichments/addresses/databases.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import type { Snapshot } from "./protocol.ts";

/** The databases of addresses: loaded once something asks for them, and again when the global document names others. */
export class AddressDatabases {
  readonly #onLoad: (handles: DatabaseHandles) => void;
  readonly #allow: AllowPath;
  #key: string | undefined;
  #loading: Promise<void> = Promise.resolve();
  /** Why they are missing, if they are. */
  fault: Fault | undefined;

  constructor(onLoad: (handles: DatabaseHandles) => void, allow: AllowPath) {
    this.#onLoad = onLoad;
    this.#allow = allow;
  }

  /** Resolves when the databases that the settings name are in use. Throws Fault INPUT_UNREADABLE; the old ones stay. */
  load(settings: GlobalDocument["databases"]): Promise<void> {
    const key = JSON.stringify(settings);
    if (key === this.#key) return this.#loading;
    this.#key = key;
    this.#loading = this.#load(settings).then(
      () => {
        this.fault = undefined;
      },
      (error: Error) => {
        this.#key = undefined;
        this.fault = error instanceof Fault ? error : new Fault("INPUT_UNREADABLE", error.message);
        throw this.fault;
      },
    );
    return this.#loading;
  }

  async #load({ city, asn }: GlobalDocument["databases"]): Promise<void> {
    const place = (file: string | undefined) =>
      file === undefined ? undefined : this.#allow(file, "databases");
    await loadDatabases({ city: place(city), asn: place(asn) }, this.#onLoad);
  }
}

/** Tells whether documents may ask for the place or network of an address, by an enrichment or an expression. */
export function asksForAddresses(text: string): boolean {
  return /geo|asn/i.test(text);
}

/** The same of all documents in force. */
export function snapshotAsksForAddresses({ sensors }: Snapshot): boolean {
  return sensors.some(({ text }) => asksForAddresses(text));
}
