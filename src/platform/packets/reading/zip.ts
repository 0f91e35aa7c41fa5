import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

configure({ useWebWorkers: false });

/** The strongest that its format knows: AES-256 (AE-2). */
const AES_256 = 3;

/** A zip with one file, encrypted, so that nothing opens it by mistake. */
export async function encryptedZip(name: string, bytes: Uint8Array, password: string): Promise<Uint8Array> {
  const zip = new ZipWriter(new Uint8ArrayWriter());
  await zip.add(name, new Uint8ArrayReader(bytes), { password, encryptionStrength: AES_256, level: 1 });
  return zip.close();
}
