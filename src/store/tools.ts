/** How often a session called each tool, as text in state.db and back. */

/** More tools than this are counted together. */
const MAX_TOOLS = 40
const OTHER_TOOLS = '(other)'

/** The counts in a row; none when the text is not what we write. */
export function parseTools(text: string): Record<string, number> {
  try {
    return Object.fromEntries(
      Object.entries(JSON.parse(text)).flatMap(([tool, calls]) =>
        typeof calls === 'number' && Number.isSafeInteger(calls) ? [[tool, calls]] : [],
      ),
    )
  } catch {
    return {} // for show only: not worth dropping a session that is still counted
  }
}

/** The text with one more call of `tool`. */
export function withTool(text: string, tool: string): string {
  const tools = new Map(Object.entries(parseTools(text)))
  const name = tools.has(tool) || tools.size < MAX_TOOLS ? tool : OTHER_TOOLS
  tools.set(name, (tools.get(name) ?? 0) + 1)
  return JSON.stringify(Object.fromEntries(tools))
}
