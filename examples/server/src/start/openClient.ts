import { ApiKeyClient } from "@apikeys/core"
import type { Settings } from "./settings.js"
import { storeOf } from "./store.js"

/** The one client of this process, over the store that the settings name. */
export const openClient = async (settings: Settings, signingSecret: string): Promise<ApiKeyClient> =>
  ApiKeyClient.open({
    signingSecret,
    store: await storeOf(settings),
    keyPrefix: settings.keyPrefix,
    environment: settings.environment
  })
