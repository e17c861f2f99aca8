/**
 * The few colours of the status line. Not by chalk: to load it takes longer than all else that the line does
 * (npm run bench -- startup).
 */

const CODES = { dim: '2', yellow: '33', red: '31', 'bold red': '1;31' } as const

export type Colour = keyof typeof CODES

/** Ends whatever colour a text before it has begun. */
export const RESET = '\x1b[0m'

export function painted(text: string, colour: Colour): string {
  return `\x1b[${CODES[colour]}m${text}${RESET}`
}
