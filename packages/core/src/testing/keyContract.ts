import { describe } from "@effect/vitest"
import type { ContractTest } from "./contract.js"
import { keyDeletionContract } from "./keyDeletionContract.js"
import { keyDisablingContract } from "./keyDisablingContract.js"
import { keyFenceContract } from "./keyFenceContract.js"
import { keyImportContract } from "./keyImportContract.js"
import { keyInsertionContract } from "./keyInsertionContract.js"
import { keyPlaintextContract } from "./keyPlaintextContract.js"
import { keyPruningContract } from "./keyPruningContract.js"
import { keyRevocationContract } from "./keyRevocationContract.js"
import { keyRotationContract } from "./keyRotationContract.js"
import { keyRoundTripContract } from "./keyRoundTripContract.js"
import { keyUpdateContract } from "./keyUpdateContract.js"
import { signingSecretContract } from "./signingSecretContract.js"

/** What keys go through, from insertion to deletion. */
export const keyContract = (test: ContractTest): void => {
  describe("insertion", () => keyInsertionContract(test))
  describe("round trip", () => keyRoundTripContract(test))
  describe("update", () => keyUpdateContract(test))
  describe("revocation", () => keyRevocationContract(test))
  describe("fences", () => keyFenceContract(test))
  describe("disabling", () => keyDisablingContract(test))
  describe("rotation", () => keyRotationContract(test))
  describe("signing secrets", () => signingSecretContract(test))
  describe("pruning", () => keyPruningContract(test))
  describe("deletion", () => keyDeletionContract(test))
  describe("import", () => keyImportContract(test))
  describe("plaintexts", () => keyPlaintextContract(test))
}
