import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"
import { type Filling, scaleSuite } from "../../store-sql/test/suites/scaleSuite.js"
import { openOwnDatabase } from "../src/PgOpening.js"
import { backend } from "./backend.js"

interface Node {
  readonly "Node Type": string
  readonly "Index Name"?: string
  readonly "Actual Rows": number
  readonly "Actual Loops": number
  readonly "Rows Removed by Filter"?: number
  readonly Plans?: ReadonlyArray<Node>
}

const nodesOf = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

const explain = (connection: Connection, sql: string, params: ReadonlyArray<unknown>) =>
  Effect.map(
    connection.execute(`explain (analyze, format json) ${sql}`, params, undefined),
    ([row]: ReadonlyArray<{ readonly "QUERY PLAN": ReadonlyArray<{ readonly Plan: Node }> }>) => {
      const nodes = (row?.["QUERY PLAN"] ?? []).flatMap(({ Plan }) => nodesOf(Plan))
      const scans = nodes.filter(({ Plans }) => Plans === undefined)
      return {
        text: scans.map((scan) => `${scan["Node Type"]} ${scan["Index Name"] ?? ""}`).join(", "),
        rowsRead: scans.reduce(
          (sum, scan) => sum + (scan["Actual Rows"] + (scan["Rows Removed by Filter"] ?? 0)) * scan["Actual Loops"],
          0
        )
      }
    }
  )

const fill = ({ count, ended, organizationId, otherOrganizationId, projectId, since }: Filling) => {
  const id = "(lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000')::uuid"
  const at = `to_timestamp(${since}::numeric / 1000) + i * interval '1 millisecond'`
  return [
    `insert into apikeys_keys (id, organization_id, project_id, hint, scopes, rate_limits, metadata, expires_at, revoked_at,
use_count, created_at, updated_at)
select ${id}, (case when i % 10 = 0 then '${organizationId}' else '${otherOrganizationId}' end)::uuid,
case when i % 100 = 0 then '${projectId}'::uuid end, 'myapp_live_AbCd…', '["read"]', '[]', '{"plan": "pro"}',
case when i > ${ended} and i <= ${2 * ended} then to_timestamp(1) end, case when i <= ${ended} then now() end, 0, ${at}, ${at}
from generate_series(1, ${count}) i`,
    `insert into apikeys_digests (digest, key_id, secret_id, created_at)
select convert_to(lpad(i::text, 32, '0'), 'UTF8'), ${id}, 'fixture', ${at} from generate_series(1, ${count}) i`,
    "analyze"
  ]
}

scaleSuite({ ...backend, openDatabase: (url) => openOwnDatabase({ url, timeout: "2 minutes" }), fill, explain })
