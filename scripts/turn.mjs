/** One process at a time, among all of this machine that name the same file. Plain JavaScript without dependencies, as scripts/run.mjs. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MILLISECONDS = 200;

/**
 * Waits for its turn. The file names the processes whose turn it is; it counts for nothing once all of them are gone.
 * @param place the file
 * @param onWait told the number of each process that is waited for
 * @returns `include` adds a process that works on should this one be killed; `end` ends the turn
 */
export async function takeTurn(place, onWait) {
  mkdirSync(dirname(place), { recursive: true });
  const stamp = `${process.pid}-${Date.now()}`;
  const own = `${place}.${stamp}`;
  const write = (...pids) => writeFileSync(own, `${pids.join(",")} ${stamp}`);
  // Written aside and linked, so that nobody reads a file without its text.
  write(process.pid);
  try {
    for (let waitedFor; !take(own, place); ) {
      const [owner] = pidsOf(textOf(place)).filter(isAlive);
      if (owner !== undefined && owner !== waitedFor) onWait(owner);
      waitedFor = owner ?? waitedFor;
      await sleep(LOOK_MILLISECONDS);
    }
  } finally {
    rmSync(own, { force: true });
  }
  const end = () => {
    process.off("exit", end);
    if (textOf(place)?.endsWith(` ${stamp}`)) rmSync(place, { force: true });
  };
  process.on("exit", end);
  return {
    end,
    include(pid) {
      write(process.pid, pid);
      renameSync(own, place);
    },
  };
}

function take(own, place) {
  try {
    linkSync(own, place);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const other = textOf(place);
  return other !== undefined && !pidsOf(other).some(isAlive) && replace(own, place, other);
}

/** Takes the place of processes that are gone. The folder makes sure that of several that try only one does, and looks again before it does. */
function replace(own, place, other) {
  const claim = `${place}.${other.split(" ")[1]}.gone`;
  try {
    mkdirSync(claim);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  try {
    if (textOf(place) !== other) return false;
    renameSync(own, place);
    return true;
  } finally {
    rmdirSync(claim);
  }
}

const pidsOf = (text = "") => text.split(" ")[0].split(",").map(Number);

function isAlive(pid) {
  // Numbers are given again, in a container often the same one.
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}

function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
