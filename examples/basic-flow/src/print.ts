import { styleText } from "node:util"

const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined

const style = (format: "bold" | "dim" | "green" | "yellow", text: string): string =>
  colours ? styleText(format, text) : text

const line = (mark: string, what: string, text: string): void =>
  console.log(`  ${mark} ${style("dim", what.padEnd(32))} ${text}`)

export const chapter = (title: string): void => console.log(`\n${style("bold", title)}`)

export const say = (what: string, value: string | number | null): void => line(style("green", "✓"), what, String(value))

/** Runs what must be refused, and shows how; anything else ends the demo. */
export const refused = async (
  what: string,
  expected: { [Symbol.hasInstance](value: unknown): boolean },
  attempt: () => Promise<unknown>
): Promise<void> => {
  try {
    await attempt()
  } catch (error) {
    if (!(error instanceof expected) || !(error instanceof Error)) throw error
    return line(style("yellow", "✗"), what, `${error.name}: ${error.message}`)
  }
  throw new Error(`${what} was not refused`)
}
