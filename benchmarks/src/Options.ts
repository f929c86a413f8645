import { parseArgs } from "node:util"
import { full, quick, type Scale } from "./Scale.js"

export interface Options {
  readonly scale: Scale
  /** Names of rows, of comparisons, or of what they are about; `null` for everything. */
  readonly only: ReadonlyArray<string> | null
  /** Where the report goes; `null`: it is printed, and not kept. */
  readonly out: string | null
}

/** @param results where the report of a whole run goes: a part of one, or a short one, must not stand in its place */
export const parseOptions = (args: ReadonlyArray<string>, results: string): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string" }, quick: { type: "boolean" }, out: { type: "string" } }
  })
  const only = values.only?.split(",").map((name) => name.trim()) ?? null
  if (only?.some((name) => name === "")) throw new Error("--only has an empty name in it")
  const isWhole = only === null && values.quick !== true
  return { scale: values.quick === true ? quick : full, only, out: values.out ?? (isWhole ? results : null) }
}
