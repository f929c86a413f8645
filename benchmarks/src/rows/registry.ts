import type { Comparison } from "./Comparison.js"
import { comparison as cached, rows as cachedRows } from "./cached.js"
import { rows as gaugeRows, comparisons as gauges } from "./gauges.js"
import { rows as lookUpRows, comparisons as lookUps } from "./lookUps.js"
import { rows as modeRows, comparisons as modes } from "./modes.js"
import { rows as peerRows, comparisons as peers } from "./peers.js"
import type { Row } from "./Row.js"
import { rows as routeRows, comparisons as routes } from "./routes.js"

export const comparisons: ReadonlyArray<Comparison> = [cached, ...lookUps, ...peers, ...routes, ...gauges, ...modes]

export const rows: ReadonlyArray<Row> = [
  ...cachedRows,
  ...lookUpRows,
  ...peerRows,
  ...routeRows,
  ...gaugeRows,
  ...modeRows
]
