import { type ComparisonTopic, NOT_COMPARED } from './row.ts';

const FRESH_INSTANCE =
  '[The old instance was stopped in the middle of its work](/docs/RATIONALE.md#why-does-the-instance-survive-an-error-but-not-a-trap).';

export const calls: ComparisonTopic = {
  title: 'Between calls',
  source: 'plugin',
  intro: 'State that is kept from one call to the next, and calls that overlap.',
  rows: [
    {
      id: 'call-clears',
      case: 'blocks, input, output and error of the last call',
      ...NOT_COMPARED,
      plugboard:
        'gone; handles start over, and all memory that the call reaches is zero, also after more than 2 GiB of blocks ' +
        '(`npm run test:long -- memory`)',
      why: 'A call must not see the bytes of an earlier one, which may have been made for another user.',
    },
    { id: 'call-globals', case: "the plugin's memory and globals", native: 'kept' },
    {
      id: 'after-error',
      case: 'the instance after an error text or a code',
      native: 'kept',
    },
    {
      id: 'after-trap',
      case: 'the instance after a trap, also a stack overflow',
      native: 'kept, as the trap left it',
      plugboard: 'dropped: the next call gets a new one',
      why: FRESH_INSTANCE,
    },
    {
      id: 'after-exit',
      case: 'the instance after `proc_exit`',
      native: 'kept',
      go: 'closed: every later call fails with "module is closed"',
      plugboard: 'dropped: the next call gets a new one',
      why: FRESH_INSTANCE,
    },
    {
      id: 'after-start',
      case: '`_start` called twice',
      native: 'a new instance after each',
      go: 'the same instance',
      js: 'the same instance',
    },
    {
      id: 'after-start-vars',
      case: 'variables after `_start`',
      native: 'lost',
      go: 'kept',
      js: 'kept',
      plugboard: 'kept',
      why: 'Variables belong to the plugin, not to the instance.',
    },
    {
      id: 'call-overlap',
      case: 'two calls at once',
      native: 'impossible: a call borrows the plugin',
      go: 'no guard: they share kernel and instance',
      js: 'no guard: both get the output of the second',
      plugboard:
        'run in order, each with its own output; a call whose `signal` fires leaves the queue at once',
      why: 'A plugin can run only one call at a time, and callers need not queue their calls themselves.',
    },
    {
      id: 'call-reentrant',
      case: "a call from inside one of the plugin's own host functions",
      native: 'an error "cannot make reentrant calls into plugin"',
      go: 'no guard: it runs, and clears the blocks of the outer call',
      js: 'no guard: it runs, and the outer call fails with a `TypeError`',
      plugboard:
        'an error `REENTRANT_CALL`; after an `await`, on runtimes without async contexts (browsers), an error ' +
        '`QUEUE_TIMEOUT` once it has waited `queueTimeoutMs`; the outer call goes on',
      why: 'As native, with a code. Without async contexts, a call from outside looks the same, and must wait for its turn.',
    },
    {
      id: 'call-active',
      case: 'whether a call is running',
      native: 'no way to find out',
      js: '`isActive()`',
      plugboard: '`isActive()`',
      why: 'As the JS SDK.',
    },
    {
      id: 'fresh-grown',
      case: "a plugin with `isolation: 'fresh'` reads beyond its memory, in pages by which an earlier call had grown it",
      native: 'trap: each call would get a new instance',
      js: 'trap: each call would get a new instance',
      plugboard:
        'zero, and a store there is kept until the call ends; `memory.size` and `memory.grow` answer as in a new instance',
      why: 'A memory cannot shrink. A new instance for each call that grows its memory would make fresh calls slow.',
    },
    {
      id: 'plugin-reset',
      case: '`reset()` of the plugin',
      native: 'variables stay',
      go: 'does not exist',
      plugboard:
        'clears the kernel memory; `reset({ vars: true })` puts the variables back to those of the option `vars`; `false` during a call',
      why: 'Hosts that lend a plugin to one tenant after another need it.',
    },
    {
      id: 'plugin-closed',
      case: 'a call after `close()`',
      native: 'impossible: the plugin is gone',
      go: 'an error',
      js: 'works, unless it has a worker',
      plugboard: 'an error `CLOSED`',
      why: '`close()` has the same effect with and without a worker.',
    },
    {
      id: 'instance-closed',
      case: 'an instance from `getInstance()`, after `close()`',
      native: 'impossible: the host cannot get the instance',
      js: 'works as before',
      plugboard: 'its imports throw `CLOSED`, loads and stores trap',
      why: 'The kernel memory has gone back to the engine.',
    },
  ],
};
