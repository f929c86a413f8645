import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/** State and parent of a process of Linux. Its name, which may hold anything, stands in parentheses before them. */
const statOf = (/** @type {number} */ pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}

const parents = () => {
  if (process.platform === "linux") {
    const pids = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
    return pids.map((pid) => [pid, statOf(pid)?.parent])
  }
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")
  return lines.map((line) => line.trim().split(/\s+/).map(Number))
}

/** The processes that this one has started. */
export const childrenOf = (/** @type {number} */ pid) =>
  parents().flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))

/** Whether a process runs. One that has ended stays listed until its parent asks, which not every first process does. */
export const isAlive = (/** @type {number} */ pid) => {
  if (process.platform === "linux") {
    const state = statOf(pid)?.state
    return state !== undefined && state !== "Z" && state !== "X"
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Whether a process has come to a halt; where that cannot be told, it is taken to have. */
export const isHalted = (/** @type {number} */ pid) => {
  const state = process.platform === "linux" ? statOf(pid)?.state : "T"
  return state === undefined || "tTZX".includes(state)
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
export const send = (pid, signal) => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error
  }
}
