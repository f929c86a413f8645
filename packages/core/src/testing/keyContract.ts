import { describe } from "@effect/vitest"
import type { ContractTest } from "./contract.js"
import { keyDeletionContract } from "./keyDeletionContract.js"
import { keyImportContract } from "./keyImportContract.js"
import { keyInsertionContract } from "./keyInsertionContract.js"
import { keyRevocationContract } from "./keyRevocationContract.js"
import { keyRoundTripContract } from "./keyRoundTripContract.js"
import { keyUpdateContract } from "./keyUpdateContract.js"

/** What keys go through, from insertion to deletion. */
export const keyContract = (test: ContractTest): void => {
  describe("insertion", () => keyInsertionContract(test))
  describe("round trip", () => keyRoundTripContract(test))
  describe("update", () => keyUpdateContract(test))
  describe("revocation", () => keyRevocationContract(test))
  describe("deletion", () => keyDeletionContract(test))
  describe("import", () => keyImportContract(test))
}
