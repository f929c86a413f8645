import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"
import { type Filling, scaleSuite } from "../../store-sql/test/suites/scaleSuite.js"
import { openDatabase } from "../src/SqliteDatabase.js"
import { makeSettings } from "../src/SqliteSettings.js"
import { backend } from "./backend.js"

const explain = (connection: Connection, sql: string, params: ReadonlyArray<unknown>) =>
  Effect.map(
    connection.execute(`explain query plan ${sql}`, params, undefined),
    (steps: ReadonlyArray<{ readonly detail: string }>) => ({
      text: steps.map(({ detail }) => detail).join(", "),
      rowsRead: null
    })
  )

const fill = ({ count, ended, organizationId, otherOrganizationId, projectId, since }: Filling) => {
  const id = "printf('%08x-0000-7000-8000-000000000000', i)"
  const numbers = `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${count})`
  return [
    `${numbers}
insert into apikeys_keys (id, organization_id, project_id, hint, scopes, rate_limits, metadata, expires_at, revoked_at,
use_count, created_at, updated_at)
select ${id}, iif(i % 10 = 0, '${organizationId}', '${otherOrganizationId}'), iif(i % 100 = 0, '${projectId}', null),
'myapp_live_AbCd…', '["read"]', '[]', '{"plan":"pro"}', iif(i > ${ended} and i <= ${2 * ended}, 1000, null),
iif(i <= ${ended}, 1000, null), 0, ${since} + i, ${since} + i from numbers`,
    `${numbers}
insert into apikeys_digests (digest, key_id, secret_id, created_at)
select cast(printf('%032d', i) as blob), ${id}, 'fixture', ${since} + i from numbers`,
    "analyze"
  ]
}

scaleSuite({
  ...backend,
  openDatabase: (filename) => Effect.flatMap(makeSettings({ filename, timeout: "2 minutes" }), openDatabase),
  fill,
  explain
})
