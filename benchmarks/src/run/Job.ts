import type { Servers } from "../contenders/Bench.js"
import type { Admitted } from "../exactness/Admission.js"
import type { Scale } from "../Scale.js"
import type { Sample, Wanted } from "./runComparison.js"

interface Common<Kind> {
  readonly kind: Kind
  readonly scale: Scale
  readonly servers: Servers
}

/** What a process of its own is to do. */
export interface Jobs {
  readonly comparison: Common<"comparison"> & { readonly name: string; readonly wanted: Wanted }
  readonly admission: Common<"admission"> & { readonly id: string }
}

/** What it answers. */
export interface Results {
  readonly comparison: ReadonlyArray<Sample>
  readonly admission: Admitted
}

export type Kind = keyof Jobs

export type Outcome<K extends Kind = Kind> = { readonly result: Results[K] } | { readonly error: string }
