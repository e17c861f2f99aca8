/** The limits in force, and how a project may tighten them. */

export interface Limits {
  /** Calls a minute at which we speak once; 0 = never. */
  readonly warnPerMin: number
  /** Calls a minute of which the last is refused; 0 = never. */
  readonly blockPerMin: number
}

type GivenLimits = { readonly [Name in keyof Limits]?: number | undefined }

export interface Policy {
  readonly rate: Limits
  readonly tenant: { readonly strict: boolean }
  readonly audit: {
    /** From this size on the log goes on in a new file. */
    readonly segmentBytes: number
  }
  /** What a failure of our own does to the call. */
  readonly onError: 'allow' | 'block'
}

export const DEFAULT_POLICY: Policy = {
  rate: { warnPerMin: 100, blockPerMin: 500 },
  tenant: { strict: false },
  audit: { segmentBytes: 8 * 1024 * 1024 },
  onError: 'allow',
}

/** What a settings file says; everything it leaves out stays as it is. */
export interface Settings {
  readonly rate?: GivenLimits | undefined
  readonly tenant?: { readonly strict?: boolean | undefined } | undefined
  readonly audit?: { readonly segmentBytes?: number | undefined } | undefined
  readonly onError?: 'allow' | 'block' | undefined
}

/** True when every rule is off: there is nothing to count. */
export function isOff(policy: Policy): boolean {
  return policy.rate.warnPerMin === 0 && policy.rate.blockPerMin === 0
}

/**
 * The policy with a settings file laid over it. A warn limit that the file does not name itself is lowered
 * to the block limit, because a warning above it could never be heard.
 */
export function applySettings(policy: Policy, settings: Settings): Policy {
  return {
    rate: applyLimits(policy.rate, settings.rate ?? {}),
    tenant: { strict: settings.tenant?.strict ?? policy.tenant.strict },
    audit: { segmentBytes: settings.audit?.segmentBytes ?? policy.audit.segmentBytes },
    onError: settings.onError ?? policy.onError,
  }
}

function applyLimits(limits: Limits, given: GivenLimits): Limits {
  const warnPerMin = given.warnPerMin ?? limits.warnPerMin
  const blockPerMin = given.blockPerMin ?? limits.blockPerMin
  const audible = blockPerMin > 0 ? Math.min(warnPerMin, blockPerMin) : warnPerMin
  return { warnPerMin: audible, blockPerMin }
}

/** The first setting that asks for a warning above the block limit, with both numbers. */
export function unheardWarning(policy: Policy, settings: Settings) {
  const { rate } = applySettings(policy, settings)
  const warnPerMin = settings.rate?.warnPerMin ?? 0
  if (rate.blockPerMin === 0 || warnPerMin <= rate.blockPerMin) return undefined
  return { key: 'rate.warnPerMin', warnPerMin, blockPerMin: rate.blockPerMin }
}

/**
 * The settings of a file that the guarded agent can write: the name of the first one that would loosen the
 * policy, or undefined when all of them tighten it or leave it as it is. How the log is kept is not a project's to say.
 */
export function loosens(policy: Policy, settings: Settings): string | undefined {
  if (settings.audit?.segmentBytes !== undefined) return 'audit.segmentBytes'
  return loosened(policy, applySettings(policy, settings))[0]
}

/** The names of the settings that are looser in `after` than in `before`. */
export function loosened(before: Policy, after: Policy): string[] {
  const pairs: [string, number, number][] = [
    ['rate.warnPerMin', before.rate.warnPerMin, after.rate.warnPerMin],
    ['rate.blockPerMin', before.rate.blockPerMin, after.rate.blockPerMin],
    ['tenant.strict', before.tenant.strict ? 1 : 0, after.tenant.strict ? 1 : 0],
    ['onError', before.onError === 'block' ? 1 : 0, after.onError === 'block' ? 1 : 0],
  ]
  return pairs.filter(([, was, is]) => looseness(is) > looseness(was)).map(([name]) => name)
}

/** 0 switches a limit off, so it counts as the loosest of all; of a switch, 1 is the strict position. */
function looseness(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit
}
