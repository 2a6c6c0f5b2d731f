import type { ComparisonTopic } from './row.ts';

const NEEDS_WASI = 'the same, if WASI is on';

export const start: ComparisonTopic = {
  title: 'Start functions',
  intro: 'What runs before the first call.',
  rows: [
    {
      id: 'start-when',
      case: 'when start functions run',
      native:
        'before the first call; `_initialize` and start sections also at creation, on an instance that serves no call',
      go: 'before the first call of anything but `_start` and `_initialize`',
      js: 'at creation',
      plugboard: 'at creation, and again for each new instance',
      why: 'A plugin that cannot start fails where it is made, not where it is first used.',
    },
    { id: 'start-initialize', case: '`_initialize`', native: 'runs', go: NEEDS_WASI },
    { id: 'start-ctors', case: '`__wasm_call_ctors`', native: 'runs', go: NEEDS_WASI, js: 'does not run' },
    {
      id: 'start-both',
      case: '`__wasm_call_ctors` and `_initialize`',
      native: 'the former alone',
      go: '`_initialize` alone, if WASI is on',
      js: '`_initialize` alone',
    },
    {
      id: 'start-haskell',
      case: '`hs_init` and `_initialize`',
      native: '`_initialize`, then `hs_init(0, 0)`',
      js: 'the same for modules that import WASI, else `hs_init` alone',
    },
    {
      id: 'start-command',
      case: '`_start`',
      native: 'runs only when called by name',
      js: 'the same for modules that import WASI; any other runs it at creation',
    },
    {
      id: 'start-command-reactor',
      case: '`_start` and `_initialize`',
      native: 'creation fails: "Program cannot be both a Command and a Reactor"',
      go: '`_initialize` runs, if WASI is on',
      js: '`_initialize` runs',
      plugboard: '`_initialize` runs, `_start` only by name',
      why: 'What each name asks for can be done, and the other SDKs do.',
    },
    {
      id: 'start-params',
      case: 'an `_initialize` with parameters',
      native: 'creation fails',
      go: 'does not run',
      js: 'runs with zeroes',
      plugboard: 'does not run: it is an export like any other',
      why: 'It is not the `_initialize` of WASI, which has none.',
    },
    {
      id: 'start-section',
      case: 'a start section',
      native: 'runs twice, once on the instance that serves no call',
      js: 'runs at creation',
      go: 'runs at creation',
      plugboard: 'runs once for each instance',
      why: 'As in WebAssembly.',
    },
    {
      id: 'start-trap',
      case: 'a start function traps',
      native: 'creation fails',
      go: 'a start section: creation fails; else the first call does',
      js: 'creation fails',
      plugboard: 'creation fails with `INIT_FAILED`; `cause` is the trap',
      why: 'As native, with a code.',
    },
    {
      id: 'start-host-function',
      case: 'a start function calls a host function',
      native: 'ends the process: invalid memory access',
      go: 'a start section: creation fails; else it works',
      js: 'works',
      plugboard: 'works, as do the kernel functions',
      why: 'A plugin may prepare itself with what it is given.',
    },
  ],
};
