import { dirname, join, relative, sep } from "node:path";
import { build } from "vite";

const source = join(import.meta.dirname, "..", "src");
const ENTRY = join(source, "metron-testing.ts");

/**
 * Builds `metron/testing` as one module. What the program ships stays there and is imported, so that a test and the
 * extension it tests share its classes; test tools, and the library that they alone need, are put into the module.
 * @param folder where the module goes
 * @param shipped the sources as JavaScript
 */
export async function buildTesting(folder: string, shipped: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "warn",
    plugins: [
      {
        name: "shipped-sources",
        enforce: "pre",
        resolveId(id, importer) {
          if (importer === undefined || !id.startsWith(".") || !importer.startsWith(source + sep))
            return null;
          const file = join(dirname(importer), id);
          if (file.split(sep).includes("testing")) return file;
          const built = join(shipped, relative(source, file)).replace(/\.ts$/, ".js");
          return { id: relative(folder, built).split(sep).join("/"), external: true };
        },
      },
    ],
    ssr: { noExternal: ["fast-check", /^pure-rand/] },
    build: { ssr: ENTRY, outDir: folder, emptyOutDir: true, target: "node24", minify: false },
  });
}
