import { MemoryStore } from "../../src/index.js"
import { clientContract } from "../../src/testing/client/clientContract.js"

clientContract("memory", () => MemoryStore.layer)
