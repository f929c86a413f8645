import { ApiKeyClient } from "@apikeys/core"
import type { Settings } from "./settings.js"
import { signingSecretOf } from "./signingSecret.js"
import { storeOf } from "./store.js"

/** The one client of this process, over the store that the settings name. */
export const openClient = async (settings: Settings, say: (text: string) => void): Promise<ApiKeyClient> =>
  ApiKeyClient.open({
    signingSecret: await signingSecretOf(settings, say),
    store: await storeOf(settings),
    keyPrefix: settings.keyPrefix,
    environment: settings.environment
  })
