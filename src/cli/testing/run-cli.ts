import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The real command line as child processes over a data folder of their own, for tests. */

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const NOTE_LOADED = new URL("./note-loaded.ts", import.meta.url).href;

type Result = { readonly status: number | null; readonly out: string; readonly err: string };

export type Running = AsyncDisposable & {
  readonly child: ChildProcess;
  /** The address of page and API. */
  readonly url: string;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Result>;
};

export type TestFolder = Disposable & {
  readonly path: string;
  readonly data: string;
  /** Writes a file below the folder and answers its path. */
  file(name: string, content: string | Uint8Array): string;
  /** Runs a command over the data folder. */
  metron(args: readonly string[], input?: string | Uint8Array): Promise<Result>;
  /** Runs a command the same way, and answers the modules that it loaded, by the names of its threads. */
  loaded(args: readonly string[], input?: string): Promise<Map<string, string[]>>;
  /** Starts a platform over the data folder with the given documents. */
  up(documents: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Running>;
};

export function openTestFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "metron-cli-"));
  const data = join(path, "data");
  const file = (name: string, content: string | Uint8Array) => {
    const target = join(path, name);
    mkdirSync(join(target, ".."), { recursive: true });
    writeFileSync(target, content);
    return target;
  };
  return {
    path,
    data,
    file,
    metron: (args, input) => run(args, data, input),
    async loaded(args, input) {
      const list = file("loaded.txt", "");
      await run(args, data, input, { NODE_OPTIONS: `--import ${NOTE_LOADED}`, METRON_LOADED: list });
      const lines = readFileSync(list, "utf8").trim().split("\n");
      const modules = new Map<string, string[]>();
      for (const [thread = "", url = ""] of lines.map((line) => line.split(" ")))
        modules.set(thread, [...(modules.get(thread) ?? []), url]);
      return modules;
    },
    async up(documents, ...args) {
      for (const [name, text] of Object.entries(documents)) file(`config/${name}`, text);
      return start(["up", "--port", "0", "--data", data, "--config", join(path, "config"), ...args], data);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function launch(
  args: readonly string[],
  data: string,
  variables: Readonly<Record<string, string>> = {},
): { child: ChildProcess; ended: Promise<Result> } {
  const env = { ...process.env, METRON_DATA: data, ...variables };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  const text = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => {
    text.out += part;
  });
  child.stderr.on("data", (part: Buffer) => {
    text.err += part;
  });
  const ended = new Promise<Result>((done) => child.once("close", (status) => done({ status, ...text })));
  return { child, ended };
}

function run(
  args: readonly string[],
  data: string,
  input: string | Uint8Array = "",
  variables?: Readonly<Record<string, string>>,
): Promise<Result> {
  const { child, ended } = launch(args, data, variables);
  // A command that does not read its input has closed it by now.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  return ended;
}

async function start(args: readonly string[], data: string): Promise<Running> {
  const { child, ended } = launch(args, data);
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (part: Buffer) => {
      text += part;
      const found = /Metron is up: (\S+)|"url":"([^"]+)"/.exec(text)?.slice(1).find(Boolean);
      if (found !== undefined) resolve(found);
    });
    void ended.then(({ status, err }) => reject(new Error(`metron up ended with ${status}: ${err}`)));
  });
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  return { child, url, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** A port that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== "object" || address === null) throw new Error("the port has no number");
  return address.port;
}

/** Asks until the answer is there. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((done) => setTimeout(done, 50));
  }
}
