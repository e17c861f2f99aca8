/** How ids of any shape are shown to people: short, printable, safe to paste into a shell. */

const SHORT = 8

/** The first characters of an id: what `status` shows, reasons name, and `reset` takes. */
export function shortId(id: string): string {
  return printable(id.length <= SHORT + 4 ? id : id.slice(0, SHORT))
}

/** What stands in place of a character that is not shown. */
export const REPLACED = '\ufffd'

/** Control, bidi and zero-width characters, line separators and blank letters: they could fool a terminal or a reader. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu

/** Without characters that are not seen. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNSEEN, REPLACED)
}

/** A word that any POSIX shell takes as it stands. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** How a person names a session in a command, ready to paste. */
export function pasteable({ id, tenant }: { readonly id: string; readonly tenant: string }): string {
  const name = shellWord(shortId(id))
  const ofTenant = tenant ? `--tenant ${shellWord(printable(tenant))} ` : ''
  return `${ofTenant}${name.startsWith('-') ? '-- ' : ''}${name}`
}
