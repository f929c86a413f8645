import { readFileSync } from "node:fs"
import { PerformanceObserver } from "node:perf_hooks"

const everyMillis = 5

/** How many milliseconds this process stood in line for a processor; 0 where the system does not tell. */
const stoodInLine = (): number => {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[1]) / 1e6
  } catch {
    return 0
  }
}

interface Span {
  readonly from: number
  readonly to: number
}

const overlap = (one: Span, other: Span): number =>
  Math.max(0, Math.min(one.to, other.to) - Math.max(one.from, other.from))

/**
 * Watches how late a timer is at worst, less what the process could not help: the time in which the machine ran
 * others in its place, and in which memory was collected, which waits for threads that stand in line as well.
 */
export const watchLateness = () => {
  const late: Array<Span & { readonly lateness: number }> = []
  const collections: Array<Span> = []
  const observer = new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) {
      collections.push({ from: startTime, to: startTime + duration })
    }
  })
  observer.observe({ entryTypes: ["gc"] })
  let last = performance.now()
  let line = stoodInLine()
  const sample = () => {
    const now = performance.now()
    const lineNow = stoodInLine()
    late.push({ from: last, to: now, lateness: now - last - everyMillis - (lineNow - line) })
    last = now
    line = lineNow
  }
  const timer = setInterval(sample, everyMillis)
  return {
    /** The worst lateness so far, in milliseconds. */
    stop: (): number => {
      // A timer that is due since long, and never came at all, is the latest.
      sample()
      clearInterval(timer)
      observer.disconnect()
      const own = late.map(
        (span) => span.lateness - collections.reduce((total, collection) => total + overlap(span, collection), 0)
      )
      return Math.max(0, ...own)
    }
  }
}
