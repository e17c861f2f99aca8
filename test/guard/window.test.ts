import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decide } from '../../src/guard/decide.ts'
import { freshState, type State } from '../../src/guard/state.ts'
import {
  aged,
  countOf,
  emptiesTo,
  emptyWindow,
  MAX_COUNT,
  WINDOW_MS,
  WINDOW_SECONDS,
  type Window,
  withCall,
} from '../../src/guard/window.ts'
import { call, limits, START } from '../support/table.ts'

describe('the window', () => {
  test('saturates at the highest count instead of overflowing', () => {
    const full: Window = { newest: 100, buckets: new Array(WINDOW_SECONDS).fill(MAX_COUNT) }
    const more = withCall(full)
    assert.equal(more.buckets.at(-1), MAX_COUNT)
    assert.equal(countOf(more), MAX_COUNT)
  })

  test('at the highest count still blocks, and still empties', () => {
    const admitted: Window = {
      newest: Math.floor(START / 1000),
      buckets: [...new Array(59).fill(0), MAX_COUNT],
    }
    const state = freshState(START)
    const full = {
      ...state,
      session: { ...state.session, counters: { rate: { window: admitted, warned: false } } },
    }
    assert.equal(decide(full, call('a'), limits(0, 500), START).verdict.kind, 'block')
    assert.equal(countOf(aged(admitted, START + WINDOW_MS)), 0)
  })

  test('names the moment from which it holds no more than so many', () => {
    const window = withCall(withCall(aged(withCall(emptyWindow(10_000)), 12_000)))
    assert.equal(emptiesTo(window, 3), 12_000)
    assert.equal(emptiesTo(window, 2), 70_000)
    assert.equal(emptiesTo(window, 0), 72_000)
    assert.equal(emptiesTo(window, -1), undefined)
  })

  test('never over-counts, and under-counts by at most the oldest partial second', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 })
    fc.assert(
      fc.property(fc.nat(999), gaps, (offset, waits) => {
        let now = START + offset
        let window = emptyWindow(now)
        const times: number[] = []
        for (const wait of waits) {
          now += wait
          window = withCall(aged(window, now))
          times.push(now)
          const exact = times.filter((time) => time > now - WINDOW_MS).length
          const oldestSecond = Math.floor(now / 1000) - WINDOW_SECONDS
          const partial = times.filter(
            (time) => time > now - WINDOW_MS && Math.floor(time / 1000) === oldestSecond,
          )
          assert.ok(countOf(window) <= exact, 'over-counted')
          assert.equal(countOf(window), exact - partial.length)
        }
      }),
    )
  })

  test('keeps 60 buckets whatever the clock does', () => {
    const times = fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { maxLength: 50 })
    fc.assert(
      fc.property(times, (clock) => {
        let window = emptyWindow(START)
        for (const now of clock) window = withCall(aged(window, now))
        assert.equal(window.buckets.length, WINDOW_SECONDS)
        assert.ok(countOf(window) <= clock.length)
      }),
    )
  })
})

describe('decide', () => {
  test('agrees with a naive list of admitted times, whatever the limits and the pace', () => {
    const pace = fc.array(fc.integer({ min: 0, max: 8_000 }), { maxLength: 150 })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        pace,
        (warn, block, waits) => {
          const policy = limits(warn, block)
          let now = START
          let state: State = freshState(now)
          let admitted: number[] = []
          for (const [index, wait] of waits.entries()) {
            now += wait
            admitted = admitted.filter(
              (time) => Math.floor(time / 1000) > Math.floor(now / 1000) - WINDOW_SECONDS,
            )
            const outcome = decide(state, call(`${index}`), policy, now)
            state = outcome
            const isDenied = block > 0 && admitted.length + 1 >= block
            assert.equal(outcome.verdict.kind === 'block', isDenied)
            assert.deepEqual(outcome.tally, {
              calls: 1,
              halted: 0,
              blocked: isDenied ? 1 : 0,
              warned:
                !isDenied && policy.rate.warnPerMin > 0 && admitted.length + 1 >= policy.rate.warnPerMin
                  ? 1
                  : 0,
            })
            if (!isDenied) admitted.push(now)
          }
        },
      ),
    )
  })

  test('frees a place on the second it named, and not a second before', () => {
    const pace = fc.array(fc.integer({ min: 0, max: 8_000 }), { minLength: 5, maxLength: 80 })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), pace, (block, waits) => {
        const policy = limits(0, block)
        let now = START
        let state: State = freshState(now)
        for (const [index, wait] of waits.entries()) {
          now += wait
          const outcome = decide(state, call(`${index}`), policy, now)
          state = outcome
          if (outcome.verdict.kind !== 'block') continue
          const free = now + (outcome.verdict.retryAfterMs ?? Number.NaN)
          assert.equal(decide(state, call('early'), policy, free - 1).verdict.kind, 'block')
          assert.notEqual(decide(state, call('on time'), policy, free).verdict.kind, 'block')
        }
      }),
    )
  })
})
