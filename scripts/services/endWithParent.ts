// A worker whose parent was killed cannot report anything, and its attempts fail again and again at full speed.
// Workers that are threads have no channel of their own, and end with their process.
import process from "node:process"

// vitest lets no test call `process.exit`, and its handlers of what is uncaught would catch that.
if (process.send !== undefined) process.once("disconnect", () => process.kill(process.pid, "SIGKILL"))
