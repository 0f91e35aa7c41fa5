/** Runs as a thread of its own: makes JSON of the PDML that comes as its standard input, as UTF-8. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { readPdml } from "./pdml.ts";

const port = parentPort as MessagePort;
port.postMessage({ type: "ready" });
const pdml = await readPdml(process.stdin.setEncoding("utf8"));
const json = new TextEncoder().encode(JSON.stringify(pdml));
port.postMessage({ type: "made", json }, [json.buffer]);
