import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"
import { selectedServices } from "../../../scripts/services/testing.js"
import { type Filling, scaleSuite } from "../../store-sql/test/suites/scaleSuite.js"
import { openDatabase } from "../src/MysqlDatabase.js"
import { makeSettings } from "../src/MysqlSettings.js"
import { makeBackend } from "./backend.js"

const explain = (connection: Connection, sql: string, params: ReadonlyArray<unknown>) =>
  Effect.gen(function* () {
    const steps: ReadonlyArray<{ readonly key: string | null; readonly table: string }> = yield* connection.execute(
      `explain format = traditional ${sql}`,
      params,
      undefined
    )
    yield* connection.executeUnprepared("flush status", [], undefined)
    yield* connection.execute(sql, params, undefined)
    const counts: ReadonlyArray<{ readonly Value: string }> = yield* connection.executeUnprepared(
      "show session status like 'Handler_read%'",
      [],
      undefined
    )
    return {
      text: steps.map(({ key, table }) => `${table} ${key}`).join(", "),
      rowsRead: counts.reduce((sum, { Value }) => sum + Number(Value), 0)
    }
  })

/** Of the numbers from 1 on, without a recursion, whose depth the servers limit by settings of different names. */
const numbers = (count: number): string => {
  const digits =
    "(select 0 d union all select 1 union all select 2 union all select 3 union all select 4\nunion all select 5 union all select 6 union all select 7 union all select 8 union all select 9)"
  const places = Array.from({ length: Math.ceil(Math.log10(count)) }, (_, i) => i)
  const sum = places.map((place) => `p${place}.d * ${10 ** place}`).join(" + ")
  return `(select 1 + ${sum} as i from ${places.map((place) => `${digits} p${place}`).join(", ")}) numbers where i <= ${count} order by i`
}

const fill = ({ count, ended, organizationId, otherOrganizationId, projectId, since }: Filling) => {
  const binary = (uuid: string) => `x'${uuid.replaceAll("-", "")}'`
  const id = "unhex(concat(lpad(hex(i), 8, '0'), '000070008000000000000000'))"
  const at = `date_add('${new Date(since).toISOString().slice(0, 10)}', interval i * 1000 microsecond)`
  return [
    `insert into apikeys_keys (id, organization_id, project_id, hint, scopes, rate_limits, metadata, expires_at, revoked_at,
use_count, created_at, updated_at)
select ${id}, if(i % 10 = 0, ${binary(organizationId)}, ${binary(otherOrganizationId)}), if(i % 100 = 0, ${binary(projectId)}, null),
'myapp_live_AbCd…', '["read"]', '[]', '{"plan": "pro"}', if(i > ${ended} and i <= ${2 * ended}, '2000-01-01', null),
if(i <= ${ended}, '2025-02-01', null), 0, ${at}, ${at} from ${numbers(count)}`,
    `insert into apikeys_digests (digest, key_id, secret_id, created_at)
select lpad(i, 32, '0'), ${id}, 'fixture', ${at} from ${numbers(count)}`,
    "analyze table apikeys_keys, apikeys_digests"
  ]
}

for (const selected of selectedServices("mysql", "mariadb")) {
  scaleSuite({
    ...makeBackend(selected),
    openDatabase: (url) => Effect.flatMap(makeSettings({ url, timeout: "2 minutes" }), openDatabase),
    fill,
    explain
  })
}
