import { ApiKeyClient } from "@apikeys/core"
import { isOpenToOthers } from "./privateFile.js"
import type { Settings } from "./settings.js"
import { storeOf } from "./store.js"

/** The one client of this process, over the store that the settings name. */
export const openClient = async (
  settings: Settings,
  signingSecret: string,
  say: (text: string) => void
): Promise<ApiKeyClient> => {
  // SQLite makes the database, and the files beside it: they are for the owner's eyes alone, as the secret is.
  process.umask(0o077)
  const { databaseUrl, sqliteFile } = settings
  if (databaseUrl === null && (await isOpenToOthers(sqliteFile))) {
    say(`Other users of this machine may read ${sqliteFile}: chmod 600, unless it is meant so`)
  }
  return ApiKeyClient.open({
    signingSecret,
    store: await storeOf(settings),
    keyPrefix: settings.keyPrefix,
    environment: settings.environment
  })
}
