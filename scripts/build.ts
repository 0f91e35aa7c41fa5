/**
 * `npm run build`: what is shipped. The interface goes to build/ui (the launcher builds it before this script runs), the
 * sources as JavaScript to dist/, because Node strips types nowhere inside node_modules, and apart from them what authors of
 * extensions test with to build/testing/.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildTesting } from "./build-testing.ts";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const done = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], {
  cwd: root,
  stdio: "inherit",
});
if (done.status !== 0) process.exit(done.status ?? 1);
await buildTesting(join(root, "build", "testing"), join(root, "dist"));
console.log("build/ui, build/testing and dist are made; `npm pack` puts them into a package");
