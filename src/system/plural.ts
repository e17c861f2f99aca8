/** "1 call", "2 calls"; the number as `styled` gives it. */
export function counted(count: number, noun: string, styled: (count: number) => string = String): string {
  return `${styled(count)} ${noun}${count === 1 ? '' : 's'}`
}
