import { connect } from "node:net"

/** What a server answers to bytes on a connection of their own, to the end of the connection. */
export const exchange = (address: string, ...parts: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(address)
    const socket = connect(Number(port), hostname)
    let answer = ""
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text
    })
    // A connection that was reset is one without further answer.
    socket.on("error", () => undefined).once("close", () => resolve(answer))
    for (const part of parts) socket.write(part, "latin1")
  })

/** The problem that an answer consists of, with its fields. */
export const problemIn = (answer: string) => {
  const [head = "", body = ""] = answer.split("\r\n\r\n")
  const [line = "", ...lines] = head.split("\r\n")
  const fields = new Map(lines.map((field) => [field.split(":")[0]!.toLowerCase(), field.replace(/^[^:]+: /, "")]))
  return { status: Number(line.split(" ")[1]), fields, problem: JSON.parse(body) }
}
