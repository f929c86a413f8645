import { openApiKeys } from "./apiKeys.js"
import { makeApp } from "./app.js"

const app = makeApp(await openApiKeys())

// Answers what was accepted; then the client writes down what was counted.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void app.close())

// Loopback: what others are to reach stands behind a proxy that speaks TLS.
await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" })
