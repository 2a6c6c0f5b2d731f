import type { ModeId, TimeKeeperId } from './mode.ts';

// The texts of both tables of mode.ts, for docs/LIMITS.md alone. RATIONALE: why-are-the-texts-of-limits-not-beside-their-numbers

/** When a time limit is kept in this way, and by whom. */
export const TIME_KEEPER_TEXTS: Readonly<Record<TimeKeeperId, { when: string; keeps: string }>> = {
  'no-limit': { when: '`timeoutMs` is not given', keeps: 'nothing: a plugin may run for ever' },
  'checks-asked': {
    when: "`timeoutBy: 'checks'` is given, which is the default of actors",
    keeps: 'checks added to the code of the plugin',
  },
  'no-worker': {
    when: 'no worker can be used: the platform has none, or `preopens` has a file system object',
    keeps: 'checks added to the code of the plugin, on the thread of the caller',
  },
  'no-force': {
    when: 'a worker can be used, but not be ended while its code runs',
    keeps: 'checks added to the code of the plugin, in the worker',
  },
  force: {
    when: 'a worker can be used and ended',
    keeps: 'the end of the worker; the plugin runs unchanged',
  },
};

/** When a plugin gets this mode. */
export const MODE_TEXTS: Readonly<Record<ModeId, string>> = {
  'worker-asked':
    "`runInWorker`, or `timeoutMs` with `timeoutBy: 'worker'`, is given, and a worker can be used",
  'worker-refused': 'one of these is given',
  'time-limit': "`timeoutMs` is given without `timeoutBy: 'checks'`, and a worker can be used",
  'waits-suspended':
    'the plugin imports an async host function, or `http_request` with `allowedHosts`, and the engine can suspend it',
  'waits-in-worker': 'it imports one of these, and a worker can be used',
  'waits-refused': 'it imports one of these',
  sleeps: 'it imports `poll_oneoff`, the thread must not block, and the engine can suspend the plugin',
  large:
    'a module is larger than 8 MiB, the thread is that of a page in Chromium, and the engine can suspend the plugin',
  inline: 'in all other cases',
};
