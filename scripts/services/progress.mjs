/** Tells what is under way. On the error output: the other may be read by a program. */
export const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

/** Shows how far something is that takes its time. */
export const startProgress = (/** @type {string} */ title) => {
  const { isTTY, columns = 80 } = process.stderr
  const start = Date.now()
  let state = ""
  const show = () => {
    const line = `  ${title}: ${Math.round((Date.now() - start) / 1000)} s ${state}`.trimEnd()
    if (isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, columns - 1)}`)
    else say(line)
  }
  say(`${title} …`)
  const timer = setInterval(show, isTTY ? 500 : 5_000)
  return {
    update: (/** @type {string} */ text) => {
      state = text
    },
    end: () => {
      clearInterval(timer)
      if (isTTY) process.stderr.write("\r\x1b[K")
    }
  }
}
