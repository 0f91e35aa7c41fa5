import type { StreamProgress } from "../sources/stream.ts";

/** How far a stream of records was taken. */
export type Upload = {
  readonly sensor: string;
  /** Records that are durable. */
  accepted: number;
  /** Records refused for their length. */
  refused: number;
  /** Whether the numbers are final: the stream ended, or broke off and what was under way is settled. */
  isOver: boolean;
};

/** Uploads that are remembered: those that ended longest ago are forgotten first. */
const MOST_UPLOADS = 1000;

/**
 * What became of the streams that senders gave a name. A sender whose connection is lost gets no answer, and asks here how much of
 * its stream is durable. Names are remembered as long as the platform runs.
 */
export class Uploads {
  readonly #known = new Map<string, Upload>();

  get(name: string): Upload | undefined {
    return this.#known.get(name);
  }

  /** Follows a stream until it is over. @param take told what to call with the stream's progress */
  async follow<Answer>(
    name: string,
    sensor: string,
    take: (onProgress: (progress: StreamProgress) => void) => Promise<Answer>,
  ): Promise<Answer> {
    const upload: Upload = { sensor, accepted: 0, refused: 0, isOver: false };
    this.#known.set(name, upload);
    try {
      return await take(({ records, refused }) => {
        upload.accepted = records;
        upload.refused = refused;
      });
    } finally {
      upload.isOver = true;
      this.#forget();
    }
  }

  #forget(): void {
    for (const [name, { isOver }] of this.#known) {
      if (this.#known.size <= MOST_UPLOADS) return;
      if (isOver) this.#known.delete(name);
    }
  }
}
