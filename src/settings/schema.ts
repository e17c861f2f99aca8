/** Every setting that a file may hold, its type, its range and its meaning: the one place that says it. */

import * as v from 'valibot'

const MAX_LIMIT = 1_000_000

/** Not the patterns of permission rules, such as `Bash(npm *)`: they would never match. */
const TOOL = /^[^*\s()]*\*?$/
const A_TOOL = 'the name of a tool, or the beginning of one and *'

/** A packed segment is read as a whole. */
const MIN_SEGMENT_BYTES = 1024
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024

const callsPerMinute = (description: string) =>
  v.optional(v.pipe(wholeNumber(0, MAX_LIMIT), v.description(description)))

function limits(what: string) {
  return {
    warnPerMin: callsPerMinute(`${what} in 60 s at which the model and you are told once. 0 = never.`),
    blockPerMin: callsPerMinute(`${what} in 60 s of which the last is refused. 0 = never.`),
  }
}

function onOff(description: string) {
  return v.optional(v.pipe(v.boolean('true or false'), v.description(description)))
}

function wholeNumber(from: number, to: number) {
  const expected = `a whole number from ${from} to ${to}`
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(from, expected), v.maxValue(to, expected))
}

/** Every setting there is. Unknown keys are errors: a misspelt limit must not pass for a limit. */
export const SettingsSchema = v.strictObject({
  $schema: v.optional(v.string('the path of a JSON Schema')),
  rate: v.optional(v.strictObject(limits('Calls'))),
  repeat: v.optional(
    v.strictObject({
      warn: onOff('Speak when a call is repeated.'),
      block: onOff('Refuse a call that keeps bringing the same result.'),
    }),
  ),
  spawn: v.optional(
    v.strictObject({
      ...limits('Calls that start agents'),
      tools: v.optional(
        v.pipe(
          v.array(v.string('a name of a tool'), 'a list of tools'),
          v.description('The tools that start agents.'),
        ),
      ),
    }),
  ),
  halt: v.optional(
    v.strictObject({
      afterDeniedRounds: v.optional(
        v.pipe(
          wholeNumber(0, MAX_LIMIT),
          v.description('After so many rounds in a row with a refused call the turn ends. 0 = never.'),
        ),
      ),
    }),
  ),
  tools: v.optional(
    v.pipe(
      v.record(
        v.pipe(v.string(), v.regex(TOOL, A_TOOL)),
        v.strictObject(limits('Calls of this tool'), 'limits'),
      ),
      v.description('Limits of their own for tools, by exact name or by a beginning and *.'),
    ),
  ),
  mode: v.optional(
    v.pipe(
      v.picklist(['enforce', 'shadow'], '"enforce" or "shadow"'),
      v.description('In shadow mode everything is decided, counted and logged, and nothing is refused.'),
    ),
  ),
  tenant: v.optional(
    v.strictObject({
      strict: onOff('Refuse calls when SPIKECTL_TENANT names no tenant.'),
    }),
  ),
  audit: v.optional(
    v.strictObject({
      segmentBytes: v.optional(
        v.pipe(
          wholeNumber(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES),
          v.description('From this size on the audit log goes on in a new file.'),
        ),
      ),
    }),
  ),
  onError: v.optional(
    v.pipe(
      v.picklist(['allow', 'block'], '"allow" or "block"'),
      v.description('What a failure of spikectl itself does to the tool call.'),
    ),
  ),
})
