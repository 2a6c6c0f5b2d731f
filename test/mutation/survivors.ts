/** A mutant that no suite notices. docs/MUTATION.md lists them. */
export interface Survivor {
  readonly id: string;
  readonly file: string;
  readonly mistake: string;
  /** Why no suite can notice it, or need not. */
  readonly reason: string;
}

/** The result of the last run, as it printed it. */
export const SCORE = { sample: 600, run: 0, killed: 0, timeouts: 0, survived: 0, unexplained: 0 };

export const SURVIVORS: readonly Survivor[] = [
  {
    id: '6edc31b8f9b7',
    file: 'wasi/structs.ts',
    mistake: 'writes the padding of filestat in the other byte order',
    reason: 'all bytes of the padding are 0',
  },
  {
    id: '849f8a5bd412',
    file: 'wasi/functions/path.ts',
    mistake: '`byte >= 0x80` → `byte >= 0x7f` in the reader of short paths',
    reason: 'equivalent: the decoder reads such a path, and returns the same text',
  },
  {
    id: '6683fd7391ea',
    file: 'abi/memory.ts',
    mistake: '`retire` without its check of the handle',
    reason: 'equivalent: its only caller has checked the handle',
  },
  {
    id: 'a5a4171de131',
    file: 'abi/utf8.ts',
    mistake: '`text.length * 3` → `text.length * 4` in the choice of the buffer',
    reason: 'equivalent: only more texts take the slower way, with the same bytes',
  },
  {
    id: '5ecec6b48377',
    file: 'abi/kernel.ts',
    mistake: 'writes a negative length as 65 bits in the message of INVALID_RANGE',
    reason: 'tests fix the code of a diagnostic, and not its words',
  },
];
