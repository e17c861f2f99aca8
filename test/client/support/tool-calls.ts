/** Calls of Claude Code's tools, as a model would make them. */

import type { ToolCall } from './messages-api.ts'

export function bash(command: string): ToolCall {
  return { name: 'Bash', input: { command, description: 'a step' } }
}

/** `file` is absolute. */
export function read(file: string): ToolCall {
  return { name: 'Read', input: { file_path: file } }
}

/** `file` is absolute. */
export function write(file: string, content: string): ToolCall {
  return { name: 'Write', input: { file_path: file, content } }
}

/** Starts a subagent; its part of the scenario goes by the same prompt. */
export function agent(prompt: string, where: 'foreground' | 'background'): ToolCall {
  const inBackground = where === 'background'
  return {
    name: 'Agent',
    input: {
      description: 'a part of it',
      prompt,
      subagent_type: 'general-purpose',
      run_in_background: inBackground,
    },
  }
}

/** Starts so many subagents, each told the same prompt, four at a time. */
export function workflow(prompt: string, agents: number): ToolCall {
  const script = `export const meta = { name: 'many', description: 'many agents', phases: [{ title: 'All' }] }
phase('All')
const numbers = Array.from({ length: ${agents} }, (_, i) => i)
return await parallel(numbers.map((i) => () => agent('${prompt} ' + i, { label: 'part ' + i })))`
  return { name: 'Workflow', input: { script } }
}
