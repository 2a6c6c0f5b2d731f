/** One fault of Reflow's own WebAssembly runtime. docs/ACTORS.md is printed from these rows; each has a test. */
export interface Fault {
  number: number;
  upstream: string;
  here: string;
  /** The option that gives upstream's behaviour, or the one that asks for ours; empty where there is nothing to choose. */
  option: string;
}

export const FAULTS: readonly Fault[] = [
  {
    number: 1,
    upstream:
      'Object, Event, Any and Optional go to plugins as bytes of JSON in an object, which no SDK reads.',
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
    upstream: 'Each message compiles the plugin anew.',
    here: 'Compiled once, and its instance used again; a new one after a trap.',
    option: "`isolation: 'fresh'` gives each call a plugin that was never called, still compiled once",
  },
  {
    number: 4,
    upstream: 'The first error ends the actor without a word; later packets wait for ever.',
    here: 'An `error` packet, and the actor goes on.',
    option: '`errorPolicy`: `stop` as upstream, but senders are refused; `restart` with `maxFailures`',
  },
  {
    number: 5,
    upstream: 'No limits of memory, size or packets; HTTP to any host.',
    here: 'Limits of module, input, output and packets by default (LIMITS.md), memory and time on request, no host allowed.',
    option:
      '`limits`, `memoryLimitMb` and `timeoutMs`, or `memory_limit_mb` and `timeout_ms` of a node, `allowedHosts`',
  },
  {
    number: 6,
    upstream: 'Nothing is checked before the first message.',
    here: 'Size, exports and their types, imports, memory and metadata are, at creation: a `ModuleError` of five kinds.',
    option: '',
  },
  {
    number: 7,
    upstream:
      'Data of the wrong type becomes 0, "", false or [], and messages of unknown types vanish, without a word.',
    here: 'The same, with a diagnostic for each.',
    option: '`strict: true` fails the call instead',
  },
  {
    number: 8,
    upstream: 'An Integer `5.0` becomes 0.',
    here: 'The same, with a diagnostic: the type of a number is what tells 5 from 5.0.',
    option: '`strict: true`',
  },
  {
    number: 9,
    upstream:
      'Integers beyond 2^53 and the difference of `1.0` and `1` are at the mercy of each JSON library.',
    here: 'A JSON reader and writer of its own: `bigint` beyond 2^53, `Float` for a whole float.',
    option: '',
  },
  {
    number: 10,
    upstream: 'A returned state replaces all, also what `__set_state` wrote in the same call.',
    here: 'The same, with a diagnostic when writes are lost so.',
    option: "`statePolicy: 'merge'` keeps them",
  },
  {
    number: 11,
    upstream: 'What a call wrote before it failed stays.',
    here: 'The same.',
    option: "`statePolicy: 'transactional'` undoes it",
  },
  {
    number: 12,
    upstream: 'A missing key and a stored null are the same to a plugin.',
    here: 'The same on the wire; `state` and stores tell them apart.',
    option: '',
  },
  {
    number: 13,
    upstream: 'All nodes of a component, and all connectors of an actor, share queues.',
    here: 'Each actor has ports and state of its own. Networks of actors are yet to come.',
    option: '',
  },
  {
    number: 14,
    upstream: 'A result without messages is a packet.',
    here: 'It is none.',
    option: '`emitEmptyResults: true`',
  },
  {
    number: 15,
    upstream: '`await_all_inports`, `required` and `config_schema` are ignored.',
    here: 'Honoured when asked for.',
    option: '`awaitAllInports`, `requirePorts`, `validate`, `configDefaults`',
  },
  {
    number: 16,
    upstream: 'What plugins print on stderr is lost.',
    here: 'It goes to the stderr of the host under the name of the actor, and the last lines into the error.',
    option: '`stderr`',
  },
  {
    number: 17,
    upstream: 'Plugins of the SDK of April 2025 cannot be linked.',
    here: 'Known by the types of their imports, and served as they expect: plain values by port.',
    option: "`protocol: 'ports'` where only a compiled module is given",
  },
  {
    number: 18,
    upstream: 'Go commands with `//go:wasmexport` trap for no visible reason.',
    here: 'The error says what to build instead, and so does `plugboard inspect`.',
    option: '',
  },
  {
    number: 19,
    upstream: 'Actors tell of nothing that happens in them.',
    here: 'Events of every call, packet, change of state and failure, with durations and sizes.',
    option: '`onEvent`, `subscribe`, `plugboard run --events`',
  },
  {
    number: 20,
    upstream: 'Queues without bound, and no way to stop.',
    here: 'Bounded queues in which senders wait, `AbortSignal`, `drain`, `stop`.',
    option: '`capacity`, `signal`',
  },
  {
    number: 21,
    upstream: 'An Encoded payload reaches plugins as a Stream of bytes that only upstream can read.',
    here: 'Refused to its sender.',
    option: "`wire: 'upstream'` passes it on",
  },
  {
    number: 22,
    upstream: 'NaN and infinities become null, on which the Rust SDK fails.',
    here: 'Refused to the sender, with the path of the value.',
    option: '',
  },
  {
    number: 23,
    upstream: 'Hot reload loses the state.',
    here: 'Another module takes over between two messages, with the state; one that is refused changes nothing.',
    option: '`reload`',
  },
  {
    number: 24,
    upstream: 'Resolved variables of the environment stand in the config of every plugin.',
    here: 'The same; the environment is given, never found, and may be narrowed.',
    option: '`allowedEnv`',
  },
];
