/** Text for people in which the home folder is `~`, also where a path begins within it. */
export function withTilde(text: string, home: string | undefined): string {
  if (!home || home === '/') return text
  return text
    .split(' ')
    .map((word) => (word === home || word.startsWith(`${home}/`) ? `~${word.slice(home.length)}` : word))
    .join(' ')
}
