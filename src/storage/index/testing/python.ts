/** Other engines that read Parquet and make models, through Python. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What tests use of Python, and how the package index calls it. Spark alone has 400 MB. */
const PACKAGES = {
  pyarrow: "pyarrow",
  pandas: "pandas",
  pyspark: "pyspark",
  // A server that speaks as S3 does.
  "moto.server": "moto[server]",
  // Other makers of models, and what writes and runs theirs.
  river: "river",
  sklearn: "scikit-learn",
  skl2onnx: "skl2onnx",
  onnxruntime: "onnxruntime",
} as const;

/**
 * A Python that has some packages; undefined when there is none, which is told in one line. Where `CI` is `true` they are
 * installed from the package index into a folder of their own.
 */
export function pythonWith(...modules: (keyof typeof PACKAGES)[]): string | undefined {
  const asked = modules.map((name) => `import ${name}`).join("; ");
  const python = [process.env.METRON_PYTHON, "python3", installed].find(
    (path) => path !== undefined && spawnSync(path, ["-c", asked]).status === 0,
  );
  if (python !== undefined) return python;
  if (process.env.CI === "true") return install(modules);
  process.stdout.write(`Left out, as Python lacks it: what is tested with ${modules.join(" and ")}.\n`);
  return undefined;
}

/** What a program in Python prints as JSON. */
export function askPython(python: string, program: string, ...parameters: readonly string[]): unknown {
  const printed = execFileSync(python, ["-c", program, ...parameters], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 300_000,
  });
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "");
}

let installed: string | undefined;

function install(modules: readonly (keyof typeof PACKAGES)[]): string {
  if (installed === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "metron-python-"));
    execFileSync("python3", ["-m", "venv", folder]);
    installed = join(folder, "bin", "python");
  }
  const packages = modules.map((name) => PACKAGES[name]);
  execFileSync(installed, ["-m", "pip", "install", "--quiet", ...packages], { timeout: 900_000 });
  return installed;
}
