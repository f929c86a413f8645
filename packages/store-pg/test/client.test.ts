import { clientContract } from "@apikeys/core/testing"
import { testDatabase } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"

const { url } = await testDatabase("pg")

clientContract("PostgreSQL", () => PgStore.layer({ url, timeout: "10 seconds" }))
