/** One fault of Reflow's own WebAssembly runtime. docs/ACTORS.md is printed from these rows; each has a test. */
export interface Fault {
  number: number;
  upstream: string;
  here: string;
  /** The option that chooses the behaviour of upstream, or ours; empty where there is no choice. */
  option: string;
}

export const FAULTS: readonly Fault[] = [
  {
    number: 1,
    upstream:
      'Object, Event, Any and Optional are sent to plugins as bytes of JSON in an object, which SDKs cannot read.',
    here: 'Plain JSON.',
    option: "`wire: 'upstream'` for the bytes",
  },
  {
    number: 2,
    upstream: 'A Flow from the Rust SDK is dropped, since it has no `data`.',
    here: 'Flow and Optional may lack `data`.',
    option: '',
  },
  {
    number: 3,
    upstream: 'The plugin is compiled again for each message.',
    here: 'The plugin is compiled once, and its instance is used again; after a trap there is a new instance.',
    option: "`isolation: 'fresh'` gives each call a new instance, still compiled once",
  },
  {
    number: 4,
    upstream: 'The first error ends the actor silently; later packets wait for ever.',
    here: 'The actor sends an `error` packet and goes on.',
    option: '`errorPolicy`: `stop` as upstream, but senders get an error; `restart` with `maxFailures`',
  },
  {
    number: 5,
    upstream: 'There are no limits of memory, size or packets; HTTP to every host is allowed.',
    here: 'Module, input, output and packets are limited by default (LIMITS.md), memory and time by options; no host is allowed.',
    option:
      '`limits`, `memoryLimitMb` and `timeoutMs`, or `memory_limit_mb` and `timeout_ms` of a node, `allowedHosts`',
  },
  {
    number: 6,
    upstream: 'Nothing is checked before the first message.',
    here: 'Size, exports and their types, imports, memory and metadata are checked at creation: a `ModuleError` of five kinds.',
    option: '',
  },
  {
    number: 7,
    upstream:
      'Data of the wrong type becomes 0, "", false or [], and messages of unknown types are dropped, both silently.',
    here: 'As upstream, with a diagnostic for each.',
    option: '`strict: true` fails the call instead',
  },
  {
    number: 8,
    upstream: 'An Integer `5.0` becomes 0.',
    here: 'As upstream, with a diagnostic: 5 and 5.0 differ only by type.',
    option: '`strict: true`',
  },
  {
    number: 9,
    upstream:
      'Whether integers beyond 2^53, and the difference of `1.0` and `1`, are kept depends on each JSON library.',
    here: 'They are kept: the own JSON reader and writer use `bigint` beyond 2^53 and `Float` for a whole float.',
    option: '',
  },
  {
    number: 10,
    upstream: 'A returned state replaces all keys, also those that `__set_state` wrote in the same call.',
    here: 'As upstream, with a diagnostic when such writes are lost.',
    option: "`statePolicy: 'merge'` keeps them",
  },
  {
    number: 11,
    upstream: 'Keys that a call wrote before it failed stay.',
    here: 'As upstream.',
    option: "`statePolicy: 'transactional'` undoes these writes",
  },
  {
    number: 12,
    upstream: 'A plugin cannot tell a missing key from a stored null.',
    here: 'As upstream for plugins; in `state` and in stores the two differ.',
    option: '',
  },
  {
    number: 13,
    upstream: 'All nodes of a component, and all connectors of an actor, share queues.',
    here: 'Each actor has its own ports and state, and each edge of a network its own queue.',
    option: '',
  },
  {
    number: 14,
    upstream: 'A result without messages is sent as an empty packet.',
    here: 'Such a result is not sent.',
    option: '`emitEmptyResults: true`',
  },
  {
    number: 15,
    upstream: '`await_all_inports`, `required` and `config_schema` are ignored.',
    here: 'Each is obeyed if its option is set.',
    option: '`awaitAllInports`, `requirePorts`, `validate`, `configDefaults`',
  },
  {
    number: 16,
    upstream: 'Lines that plugins print are lost.',
    here: 'The lines of stdout and stderr go to the stderr of the host after the name of the actor, with control characters escaped. The last lines of both are in the error.',
    option: '`stdout`, `stderr`',
  },
  {
    number: 17,
    upstream: 'Plugins of the SDK of April 2025 cannot be linked.',
    here: 'They are recognised by the types of their imports, and get the input that they expect: plain values by port. A compiled module does not show these types: it is stopped when it first sets state or sends, before that takes effect, and the error names the option.',
    option: "`protocol: 'ports'` for a compiled module",
  },
  {
    number: 18,
    upstream: 'Go commands with `//go:wasmexport` trap for no visible reason.',
    here: 'The error, and `plugboard inspect`, say how to build the plugin.',
    option: '',
  },
  {
    number: 19,
    upstream: 'Actors send no events.',
    here: 'Every call, packet, change of state and failure is an event, with durations and sizes.',
    option: '`onEvent`, `subscribe`, `plugboard run --events`',
  },
  {
    number: 20,
    upstream: 'Queues have no limit, and an actor cannot be stopped.',
    here: 'Queues are bounded, so that senders wait, also at the edges of a network. An `AbortSignal` ends a wait or a call, `stop` ends the actor.',
    option: '`capacity`, `signal`',
  },
  {
    number: 21,
    upstream: 'An Encoded payload reaches plugins as a Stream of bytes that only upstream can read.',
    here: 'The sender gets an error.',
    option: "`wire: 'upstream'` passes it on",
  },
  {
    number: 22,
    upstream: 'NaN and infinities become null, on which the Rust SDK fails.',
    here: 'The sender gets an error with the path of the value.',
    option: '',
  },
  {
    number: 23,
    upstream: 'Hot reload loses the state.',
    here: 'The new module runs from the next message on, with the state. If it is refused, the old module goes on.',
    option: '`reload`; `ModuleLoader.watch` and `plugboard run --watch` when a file changes',
  },
  {
    number: 24,
    upstream: 'Resolved environment variables are part of the config of every plugin.',
    here: 'As upstream; but the environment is an option, not that of the process, and can be restricted.',
    option: '`allowedEnv`',
  },
  {
    number: 25,
    upstream:
      'The memory page promises 16 MiB for each plugin by default and 100 MiB at most. The code enforces neither.',
    here: 'Memory is limited on request only: with 16 MiB, TinyGo plugins fail at a message of 1 MiB and Go plugins at 2 MiB, and a limit changes the bytes of a module. Over 100 MiB there is the diagnostic MEMORY_HIGH, once for each actor until its plugin is reloaded or restarted. `memory` and the events of calls have the pages of plugin and kernel, and their high-water mark.',
    option: '`memoryLimitMb`, 1 to 100, or `memory_limit_mb` of a node; `memory.max_pages`',
  },
];
