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
  readonly repeat: {
    /** Speak when a call is repeated. */
    readonly warn: boolean
    /** Refuse a call that keeps bringing the same result. */
    readonly block: boolean
  }
  /** Limits of the tools that start agents. */
  readonly spawn: Limits & { readonly tools: readonly string[] }
  readonly halt: {
    /** After so many rounds in a row with a refused call the turn ends; 0 = never. */
    readonly afterDeniedRounds: number
  }
  /** Limits of their own for tools, by exact name or by a beginning and `*`. */
  readonly tools: Readonly<Record<string, Limits>>
  readonly tenant: { readonly strict: boolean }
  /** In shadow mode everything is decided, counted and logged, and nothing is refused or said. */
  readonly mode: 'enforce' | 'shadow'
  readonly audit: {
    /** From this size on the log goes on in a new file. */
    readonly segmentBytes: number
  }
  /** What a failure of our own does to the call. */
  readonly onError: 'allow' | 'block'
}

export const DEFAULT_POLICY: Policy = {
  rate: { warnPerMin: 100, blockPerMin: 500 },
  repeat: { warn: true, block: true },
  spawn: { warnPerMin: 15, blockPerMin: 40, tools: ['Agent', 'Task'] },
  halt: { afterDeniedRounds: 3 },
  tools: {},
  tenant: { strict: false },
  mode: 'enforce',
  audit: { segmentBytes: 8 * 1024 * 1024 },
  onError: 'allow',
}

/** What a settings file says; everything it leaves out stays as it is. */
export interface Settings {
  readonly rate?: GivenLimits | undefined
  readonly repeat?: { readonly warn?: boolean | undefined; readonly block?: boolean | undefined } | undefined
  readonly spawn?: (GivenLimits & { readonly tools?: readonly string[] | undefined }) | undefined
  readonly halt?: { readonly afterDeniedRounds?: number | undefined } | undefined
  readonly tools?: Readonly<Record<string, GivenLimits>> | undefined
  readonly tenant?: { readonly strict?: boolean | undefined } | undefined
  readonly mode?: 'enforce' | 'shadow' | undefined
  readonly audit?: { readonly segmentBytes?: number | undefined } | undefined
  readonly onError?: 'allow' | 'block' | undefined
}

const NO_LIMITS: Limits = { warnPerMin: 0, blockPerMin: 0 }

/** True when every rule is off: there is nothing to count. */
export function isOff({ rate, repeat, spawn, tools }: Policy): boolean {
  if (repeat.warn || repeat.block) return false
  return [rate, spawn, ...Object.values(tools)].every(
    ({ warnPerMin, blockPerMin }) => warnPerMin === 0 && blockPerMin === 0,
  )
}

/**
 * The policy with a settings file laid over it. A warn limit that the file does not name itself is lowered
 * to the block limit, because a warning above it could never be heard.
 */
export function applySettings(policy: Policy, settings: Settings): Policy {
  return {
    rate: applyLimits(policy.rate, settings.rate ?? {}),
    repeat: {
      warn: settings.repeat?.warn ?? policy.repeat.warn,
      block: settings.repeat?.block ?? policy.repeat.block,
    },
    spawn: {
      ...applyLimits(policy.spawn, settings.spawn ?? {}),
      tools: settings.spawn?.tools ?? policy.spawn.tools,
    },
    halt: { afterDeniedRounds: settings.halt?.afterDeniedRounds ?? policy.halt.afterDeniedRounds },
    tools: applyTools(policy.tools, settings.tools ?? {}),
    tenant: { strict: settings.tenant?.strict ?? policy.tenant.strict },
    mode: settings.mode ?? policy.mode,
    audit: { segmentBytes: settings.audit?.segmentBytes ?? policy.audit.segmentBytes },
    onError: settings.onError ?? policy.onError,
  }
}

function applyTools(tools: Policy['tools'], given: NonNullable<Settings['tools']>): Policy['tools'] {
  const changed = Object.entries(given).map(([name, limits]) => [
    name,
    applyLimits(tools[name] ?? NO_LIMITS, limits),
  ])
  return { ...tools, ...Object.fromEntries(changed) }
}

function applyLimits(limits: Limits, given: GivenLimits): Limits {
  const warnPerMin = given.warnPerMin ?? limits.warnPerMin
  const blockPerMin = given.blockPerMin ?? limits.blockPerMin
  const audible = blockPerMin > 0 ? Math.min(warnPerMin, blockPerMin) : warnPerMin
  return { warnPerMin: audible, blockPerMin }
}

/** The first setting that asks for a warning above the block limit, with both numbers. */
export function unheardWarning(policy: Policy, settings: Settings) {
  const { rate, spawn, tools } = applySettings(policy, settings)
  const pairs = [
    { key: 'rate', given: settings.rate, inForce: rate },
    { key: 'spawn', given: settings.spawn, inForce: spawn },
    ...Object.entries(tools).map(([name, inForce]) => {
      return { key: `tools.${name}`, given: settings.tools?.[name], inForce }
    }),
  ]
  for (const { key, given, inForce } of pairs) {
    const warnPerMin = given?.warnPerMin ?? 0
    const { blockPerMin } = inForce
    if (blockPerMin > 0 && warnPerMin > blockPerMin)
      return { key: `${key}.warnPerMin`, warnPerMin, blockPerMin }
  }
  return undefined
}
