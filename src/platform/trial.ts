import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Change, ConfigStore, Version } from "../config/store.ts";
import { Fault } from "../core/fault.ts";
import type { AllowedFolders } from "../storage/allowed-folders.ts";
import { type FunctionSource, moduleOf } from "./functions.ts";
import { sourceFault } from "./modules.ts";

/** What is tried: where functions come from, and the documents that run with them. */
export type TrialRequest = {
  readonly folders: AllowedFolders;
  readonly sources: readonly FunctionSource[];
  readonly changes: readonly Change[];
  /** The documents in force. */
  readonly documents: readonly Version[];
};

/** What the process says it is about to do. */
export type TrialStep =
  | { readonly type: "began" }
  | { readonly type: "import"; readonly source: string }
  | { readonly type: "document"; readonly name: string }
  | { readonly type: "done" };

/** How long a trial may take once its process has started, and how much its JavaScript may hold. */
export type TrialLimits = { readonly milliseconds?: number; readonly megabytes?: number };

const MILLISECONDS = 30_000;
const MEGABYTES = 512;

/**
 * Tries modules and extension packages in a process that can be ended, before any thread of the platform runs them: imports them,
 * runs their examples, and opens the documents of a publish with them. A process, because a thread could still end
 * the whole platform.
 */
export class Trial {
  readonly #folders: AllowedFolders;
  readonly #limits: Required<TrialLimits>;

  constructor(
    folders: AllowedFolders,
    { milliseconds = MILLISECONDS, megabytes = MEGABYTES }: TrialLimits = {},
  ) {
    this.#folders = folders;
    this.#limits = { milliseconds, megabytes };
  }

  /**
   * Resolves when all of it came to an end, with mistakes or without: telling these is the business of the check that follows.
   * Nothing is tried where no source is a module, as definitions of Stellar have bounds of their own.
   * @throws Fault CONFIG_INVALID when something takes too long or too much memory, or ends its process
   */
  async run(
    sources: readonly FunctionSource[],
    changes: readonly Change[],
    config: Pick<ConfigStore, "list">,
  ): Promise<void> {
    const modules = sources.filter((source) => moduleOf(source) !== undefined).map(({ name }) => name);
    if (modules.length === 0) return;
    const request = { folders: this.#folders, sources, changes, documents: config.list() };
    await this.#run(request satisfies TrialRequest, modules);
  }

  async #run(request: TrialRequest, modules: readonly string[]): Promise<void> {
    const { milliseconds, megabytes } = this.#limits;
    const child = launch(megabytes);
    let step: TrialStep | undefined;
    let timer: NodeJS.Timeout | undefined;
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      // The end of it names what ended the process.
      said = (said + chunk.toString()).slice(-MOST_SAID);
    });
    try {
      await new Promise<void>((resolve, reject) => {
        const stop = (why: string) => reject(refusal(step, why, modules));
        child.on("message", (message: TrialStep) => {
          step = message;
          if (message.type === "done") resolve();
          // The time that the process takes to start is not theirs.
          if (message.type === "began") {
            timer = setTimeout(() => stop(`it takes more than ${milliseconds / 1000} s`), milliseconds);
            child.send(request);
          }
        });
        child.on("error", reject);
        child.on("exit", (code, signal) => {
          if (step === undefined) reject(new Error(`the process of a trial did not start: ${said}`));
          else if (said.includes("heap out of memory")) stop(`it takes more than ${megabytes} MB of memory`);
          else stop(`it ends its process (${signal ?? `exit code ${code}`})`);
        });
      });
    } finally {
      clearTimeout(timer);
      child.kill("SIGKILL");
    }
  }
}

const MOST_SAID = 4096;

function launch(megabytes: number): ChildProcess {
  const script = fileURLToPath(new URL(`./trial-worker${extname(import.meta.url)}`, import.meta.url));
  return fork(script, [], {
    execArgv: ["--disable-warning=ExperimentalWarning", `--max-old-space-size=${megabytes}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

function refusal(step: TrialStep | undefined, why: string, modules: readonly string[]): Fault {
  const end = `${why}, so it was tried apart and is refused`;
  if (step?.type === "import")
    return sourceFault(step.source, `${step.source}: importing it and running its examples: ${end}`);
  const what = step?.type === "document" ? step.name : "the documents";
  return new Fault("CONFIG_INVALID", `${what}: opening it with ${modules.join(", ")}: ${end}`);
}
