/** What the hook signs when it blocks a call, with ids as long as the real ones: see src/hook/answer.ts. */
export function blockEvent(i: number) {
  const unique = i.toString(16).padStart(12, '0')
  return {
    event: 'block',
    type: 'rate_limited',
    rule: 'rate',
    count: 500,
    limit: 500,
    window_ms: 60_000,
    retry_after_ms: 12_345,
    session: `3f2a9c1e-5b7d-4e80-9a61-${unique}`,
    tenant: 'acme-platform',
    tool: i % 3 === 0 ? 'mcp__github__search_code' : 'Bash',
    tool_use_id: `toolu_01PsZb4kXvTq${unique}`,
    cwd: '/home/dev/projects/some-application',
  }
}
