/**
 * What Claude Code reads of a hook. Exit 0 lets a call run, exit 2 blocks it and gives stderr to the model,
 * any other code lets it run and shows stderr to the person. JSON on stdout is read with exit 0, 1 and 2.
 * Source: Claude Code hooks reference, "Exit code output", and client 2.1.330 as observed.
 */
export interface Reply {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: 0 | 1 | 2
}

/** Nothing to say: the call runs. */
export const SILENCE: Reply = { stdout: '', stderr: '', exitCode: 0 }
