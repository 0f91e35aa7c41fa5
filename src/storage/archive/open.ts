import type { ArchiveSettings, ArchiveStore } from "./contract.ts";

/** Opens the store that an archive is kept in. Nothing is sent yet, so that one that cannot be reached holds nobody up. */
export async function openArchiveStore(settings: ArchiveSettings): Promise<ArchiveStore> {
  if (settings.kind === "s3") {
    const { openS3 } = await import("./s3.ts");
    return openS3(settings);
  }
  const { openHdfs } = await import("./hdfs.ts");
  return openHdfs(settings);
}
