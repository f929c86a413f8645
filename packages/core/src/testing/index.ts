export { type Capture, type CaptureEntry, makeCapture } from "./capture.js"
export { clientContract, contractSecret } from "./client/clientContract.js"
export * from "./fixtures.js"
export { limitsOfGoodKeys, recordPatiently } from "./patience.js"
export type { RawReads } from "./rawContract.js"
export { cellsThatMention, type RawCell, type RawTable } from "./rawTable.js"
export { makeSettableClock, type SettableClock } from "./settableClock.js"
export { makeStoreCalls, type StoreCalls } from "./storeCalls.js"
export { type StoreContractOptions, storeContract } from "./storeContract.js"
export { makeStoreFaults, type StoreFault, type StoreFaults } from "./storeFaults.js"
export {
  type AnyStoreLayer,
  type Interception,
  interceptStore,
  type StoreCall,
  type StoreMember
} from "./storeMember.js"
