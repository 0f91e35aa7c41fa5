import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../../../core/fault.ts";
import type { ArchiveStore } from "../../archive/contract.ts";
import { ownerOf } from "../owner-of.ts";
import type { Archived, ArchiveListing } from "../segments/archive-listing.ts";
import type { Segment } from "../segments/catalogue.ts";
import { ARCHIVE_FILE } from "../segments/folder-names.ts";
import { manifestText } from "../segments/manifest.ts";

const manifestSchema = z.object({
  owner: z.string().optional(),
  files: z.array(z.object({ path: z.string() })),
});

type Known = Pick<ArchiveListing, "files" | "loose">;

/**
 * The list of files that count in the archive: `_manifest.json` there, of the same shape as that of the index's folder. It is
 * written by one installation alone, which is named in it.
 */
export class ArchiveManifest {
  readonly #store: ArchiveStore;
  readonly #listing: Known;
  readonly #folder: string;
  #owner: string | undefined;
  #version: string | undefined;
  #isKnown = false;
  /** The paths that it was last seen to name. */
  #paths: ReadonlySet<string> = new Set();

  constructor(store: ArchiveStore, listing: Known, folder: string) {
    this.#store = store;
    this.#listing = listing;
    this.#folder = folder;
  }

  /** Whether what it says is not what it should: a process ended between writing it and noting that. */
  get isStale(): boolean {
    const { files } = this.#listing;
    if (this.#version === undefined || this.#paths.size !== files.size) return true;
    return [...files.values()].some(({ path }) => !this.#paths.has(path));
  }

  /**
   * Reads what it says, once.
   * @param segments of this machine; a file of theirs may be in the archive under the same name.
   * @throws Fault ARCHIVE_CONFLICT when it is somebody else's, or names files that this index does not know
   */
  async read(segments: Iterable<Segment>, signal: AbortSignal): Promise<void> {
    if (this.#isKnown) return;
    this.#owner ??= await ownerOf(join(this.#folder, ARCHIVE_FILE));
    const stored = await this.#store.readManifest(signal);
    this.#version = stored?.version;
    const { owner, files } = stored === undefined ? { files: [] } : this.#parse(stored.text);
    if (owner !== undefined && owner !== this.#owner)
      throw new Fault(
        "ARCHIVE_CONFLICT",
        `the archive at ${this.#store.name} is that of another installation (${owner}): its list is not changed and nothing is archived; give each installation a prefix or folder of its own`,
      );
    this.#paths = new Set(files.map(({ path }) => path));
    const known = new Set([
      ...[...this.#listing.files.values()].map(({ path }) => path),
      ...this.#listing.loose,
      ...[...segments].map(({ file }) => file.replaceAll("\\", "/")),
    ]);
    const unknown = [...this.#paths].filter((path) => !known.has(path));
    if (unknown.length > 0)
      throw new Fault(
        "ARCHIVE_CONFLICT",
        `the archive at ${this.#store.name} names ${unknown.length === 1 ? "a file" : `${unknown.length} files`} that this index does not know, such as ${unknown[0]}: its catalogue was lost or is older. Nothing is archived and they are not searched; docs/guide/archive.md says how they are taken in again`,
      );
    this.#isKnown = true;
  }

  /** Writes that these files count. @throws Fault ARCHIVE_CONFLICT */
  async write(
    files: readonly Archived[],
    segments: () => Iterable<Segment>,
    signal: AbortSignal,
  ): Promise<void> {
    const text = manifestText(files, { owner: this.#owner ?? "" });
    try {
      this.#version = await this.#store.writeManifest(text, this.#version, signal);
    } catch (error) {
      if (!(error instanceof Fault && error.code === "ARCHIVE_CONFLICT")) throw error;
      // It may have been this process: a request that seemed to fail, and was sent again.
      this.#isKnown = false;
      await this.read(segments(), signal);
      this.#version = await this.#store.writeManifest(text, this.#version, signal);
    }
    this.#paths = new Set(files.map(({ path }) => path));
  }

  #parse(text: string): z.output<typeof manifestSchema> {
    try {
      return manifestSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Fault(
        "ARCHIVE_CONFLICT",
        `the list of the archive at ${this.#store.name} cannot be read, so nothing is archived; move its _manifest.json away if it is not that of Metron, or restore it`,
        { cause },
      );
    }
  }
}
