/** Who is counted: the tenant, and within it the session, else the user, else the tenant itself, else "anon". */

/** What the host and the environment say of the caller. An empty string counts as not said. */
export interface Claims {
  readonly tenant?: string | undefined
  readonly session?: string | undefined
  readonly user?: string | undefined
}

export interface Identity {
  /** Empty when no tenant is named. */
  readonly tenant: string
  /** Empty when no user is named. */
  readonly user: string
  readonly kind: 'session' | 'user' | 'tenant' | 'anon'
  /** The session's, user's or tenant's own id, or "anon". */
  readonly id: string
}

export function identify(claims: Claims): Identity {
  const tenant = claims.tenant ?? ''
  const user = claims.user ?? ''
  if (claims.session) return { tenant, user, kind: 'session', id: claims.session }
  if (user) return { tenant, user, kind: 'user', id: user }
  if (tenant) return { tenant, user, kind: 'tenant', id: tenant }
  return { tenant, user, kind: 'anon', id: 'anon' }
}

/**
 * The key under which an identity is counted. The tenant is always part of it, and the kind too, so neither
 * two tenants with the same session id nor a user who is called like a session share a window.
 */
export function keyOf(identity: Pick<Identity, 'tenant' | 'kind' | 'id'>): string {
  return JSON.stringify([identity.tenant, identity.kind, identity.id])
}

/** How the keys begin of those whose id begins with this one. */
export function keyBeginning(identity: Pick<Identity, 'tenant' | 'kind' | 'id'>): string {
  return keyOf(identity).slice(0, -'"]'.length)
}
