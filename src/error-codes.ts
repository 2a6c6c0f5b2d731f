/** One stable error code. docs/ERRORS.md is printed from these rows. */
export interface ErrorCode {
  code: string;
  /** The functions that raise it. `onDiagnostic` receives it as data instead. */
  where: readonly string[];
  /** When it is raised. */
  when: string;
  /** How to solve it. */
  remedy: string;
}

/** Codes of errors and, where marked so, of diagnostics that only `strict` turns into errors. */
export const ERROR_CODES = [
  {
    code: 'INVALID_MANIFEST',
    where: ['createPlugin'],
    when: 'The manifest is not of a known form, has an unknown key, both spellings of one key, or a value of the wrong type.',
    remedy: 'Correct the key that the message names; docs/OPTIONS.md lists all keys.',
  },
  {
    code: 'INVALID_OPTION',
    where: [
      'createPlugin',
      'call',
      'inspect',
      'hostFunction',
      'plugboard/abi',
      'plugboard/pool',
      'plugboard/types',
    ],
    when: 'An option or an argument is unknown, inherited, given in both spellings, of the wrong type, or cannot be read; or an object is given where no options are read.',
    remedy: 'Correct the option that the message names. It also tells the nearest name, and all names.',
  },
  {
    code: 'UNSUPPORTED',
    where: ['createPlugin', 'call', 'inspect', 'output', 'plugboard/abi'],
    when: 'Something is asked for that cannot be honoured here; it is never ignored.',
    remedy:
      'Use the alternative that the message names, such as another option, bytes instead of a compiled module, or a newer engine.',
  },
  {
    code: 'SOURCE_UNAVAILABLE',
    where: ['createPlugin'],
    when: 'The wasm bytes cannot be read, or the promise of the manifest was rejected.',
    remedy: 'Check the path; where the platform has no files, pass the bytes or a WebAssembly.Module.',
  },
  {
    code: 'FOLDER_UNAVAILABLE',
    where: ['createPlugin'],
    when: 'A folder of allowedPaths cannot be opened.',
    remedy: 'Check that the path names a folder that this process may read.',
  },
  {
    code: 'INVALID_WASM',
    where: ['createPlugin'],
    when: 'The bytes are not a WebAssembly module that this engine accepts.',
    remedy: 'Check that the file is complete and is the .wasm that the compiler wrote.',
  },
  {
    code: 'HASH_MISMATCH',
    where: ['createPlugin', 'loadPlugin'],
    when: "The SHA-256 of the bytes is not the manifest's hash or the option sha256.",
    remedy: 'Fetch the right file, or correct the hash if you trust this one.',
  },
  {
    code: 'UNRESOLVED_IMPORTS',
    where: ['createPlugin'],
    when: 'The module has imports that nothing provides. One error lists all of them.',
    remedy:
      'Give host functions in `functions`, link the module that exports the import, or leave useWasi on; the message names the way for each import.',
  },
  {
    code: 'IMPORT_TYPE_MISMATCH',
    where: ['createPlugin', 'call'],
    when: 'The module imports something with another type than it is provided with.',
    remedy: 'Rebuild the plugin with a current PDK, or correct its declaration of the import.',
  },
  {
    code: 'INIT_FAILED',
    where: ['createPlugin', 'call'],
    when: "One of the plugin's start functions trapped, exited or failed.",
    remedy:
      'Read the cause and the last lines of stdout and stderr on the error. Often the plugin lacks a config value, a file or an environment variable.',
  },
  {
    code: 'FUNCTION_NOT_FOUND',
    where: ['call'],
    when: 'The plugin exports no function of this name.',
    remedy: 'Call one of the exports that the message lists.',
  },
  {
    code: 'BAD_SIGNATURE',
    where: ['call'],
    when: 'The export is not of wasm type () → () or () → i32.',
    remedy: 'Export a function without parameters; input and output go through the kernel.',
  },
  {
    code: 'INVALID_INPUT',
    where: ['call', 'inspect', 'host function', 'plugboard/abi'],
    when: 'The input of a call is neither text nor bytes, inspect gets neither bytes nor a module, or a method of a context gets a value of the wrong type.',
    remedy: 'Pass a string or a Uint8Array; encode anything else first.',
  },
  {
    code: 'PLUGIN_ERROR',
    where: ['call'],
    when: 'The plugin set an error text. The message is that text.',
    remedy:
      "Correct the input as the plugin's own text says. An output that it also set is `output` on the error.",
  },
  {
    code: 'NONZERO_RESULT',
    where: ['call'],
    when: 'The export returned an i32 other than 0 and set no error text.',
    remedy:
      "Look up the number, `exitCode` on the error, in the plugin's documentation. An output that was set is `output`.",
  },
  {
    code: 'TRAP',
    where: ['call'],
    when: 'The plugin trapped, or threw a wasm exception that it did not catch.',
    remedy:
      'Read the last lines of stdout and stderr on the error, where languages print the reason of a panic, and wasmStack, the ' +
      'names of the functions. The next call gets a new instance.',
  },
  {
    code: 'STACK_OVERFLOW',
    where: ['call'],
    when: 'The plugin (or a host function below it) used up the call stack.',
    remedy: 'Look for endless recursion in the plugin. The next call gets a new instance.',
  },
  {
    code: 'EXIT',
    where: ['call'],
    when: 'The plugin called proc_exit with a code other than 0, or with 0 after it set an error text.',
    remedy:
      "Look up the number, `exitCode` on the error, in the plugin's documentation. The next call gets a new instance.",
  },
  {
    code: 'HOST_FUNCTION_FAILED',
    where: ['call', 'plugboard/abi'],
    when: 'A host function threw, or returned a value that its wasm type cannot hold.',
    remedy:
      'Correct the function that the message names; the cause is the error that it threw. The next call gets a new instance.',
  },
  {
    code: 'HOST_FUNCTION_ASYNC',
    where: ['createPlugin', 'call'],
    when: 'A host function is async where the plugin can neither be suspended nor run in a worker, or it returned a promise without being async, or callSync is used where one is.',
    remedy:
      'Declare the function with `async` or `isAsync`, use call instead of callSync, and run where the engine can suspend a plugin or has workers.',
  },
  {
    code: 'CALL_OVER',
    where: ['host function'],
    when: 'A host function or a component used its context after the call had been ended.',
    remedy: 'Stop working when the call is aborted; nothing can be given to it any more.',
  },
  {
    code: 'REENTRANT_CALL',
    where: ['call'],
    when: 'The plugin was called from inside one of its own host functions, as far as the runtime can tell.',
    remedy: 'Call it after the host function has returned, or use a second plugin.',
  },
  {
    code: 'QUEUE_TIMEOUT',
    where: ['call'],
    when: 'A call waited for its turn longer than queueTimeoutMs while an async host function was pending that may wait for this call.',
    remedy:
      'If that host function waits for this call, let it return before, or use a second plugin. If it is only slow, raise ' +
      'queueTimeoutMs.',
  },
  {
    code: 'CLOSED',
    where: ['call', 'plugboard/pool'],
    when: 'The plugin, or the pool, was closed.',
    remedy: 'Create a new one.',
  },
  {
    code: 'MEMORY_LIMIT',
    where: ['createPlugin', 'call', 'host function', 'plugboard/abi'],
    when: 'Kernel memory, or all memory of the plugin, would exceed its limit, or the engine has no more.',
    remedy:
      'Raise memory.maxPages or limits.memoryPages, pass less input, or let the plugin free its blocks.',
  },
  {
    code: 'VAR_LIMIT',
    where: ['createPlugin', 'call', 'host function', 'plugboard/abi'],
    when: 'A variable does not fit the limit.',
    remedy: 'Raise memory.maxVarBytes, or let the plugin delete variables.',
  },
  {
    code: 'VARS_DISABLED',
    where: ['createPlugin', 'call', 'host function', 'plugboard/abi'],
    when: 'A variable is set or deleted while memory.maxVarBytes is 0.',
    remedy: 'Raise memory.maxVarBytes.',
  },
  {
    code: 'INVALID_HANDLE',
    where: ['call', 'onDiagnostic', 'plugboard/abi'],
    when: 'The plugin passed a handle that is not the start of a live block. (A diagnostic for error_set.)',
    remedy: 'Correct the plugin: the handle was freed, never allocated, or points inside a block.',
  },
  {
    code: 'INVALID_UTF8',
    where: ['call', 'plugboard/abi'],
    when: 'The plugin passed a key that is not UTF-8.',
    remedy: 'Correct the plugin: encode the text as UTF-8 before it is passed to the host.',
  },
  {
    code: 'TEXT_TOO_LONG',
    where: ['createPlugin', 'call', 'host function', 'output', 'plugboard/abi'],
    when: 'A text is longer than the longest string that every engine can hold.',
    remedy:
      'Pass less text, or pass it as bytes: output.bytes() works, and so do values.bytes and variables.',
  },
  {
    code: 'TOO_MANY_VALUES',
    where: ['createPlugin', 'host function', 'output'],
    when: 'A JSON text has more keys and values than every engine can hold.',
    remedy: 'Split it up, or exchange bytes.',
  },
  {
    code: 'WASI_NO_MEMORY',
    where: ['call'],
    when: 'A WASI function that works on memory was called by a module that exports none named "memory".',
    remedy: 'Build the module so that it exports its memory, or do not call WASI from it.',
  },
  {
    code: 'HTTP_NOT_ENABLED',
    where: ['call', 'plugboard/abi'],
    when: 'The plugin called http_request, and no host is allowed.',
    remedy: 'Allow hosts with allowedHosts, or give the plugin its data through a host function.',
  },
  {
    code: 'INVALID_HTTP_REQUEST',
    where: ['call', 'plugboard/abi'],
    when: 'The plugin called http_request with a block that does not hold a valid request, or with a method, port or header that `fetch` would drop or refuse.',
    remedy:
      'Correct the plugin as the message says. The block must hold JSON such as {"url": "https://…", "method": "GET", "headers": {}}.',
  },
  {
    code: 'HTTP_DENIED',
    where: ['call'],
    when: 'A request, or a redirect, goes to a host, scheme or address that is not allowed.',
    remedy:
      'If the plugin may reach it, allow the host with allowedHosts; its scheme and address, where allowedSchemes or ' +
      'allowPrivateAddresses narrow them.',
  },
  {
    code: 'HTTP_FAILED',
    where: ['call'],
    when: 'A request got no response: no such host, no connection, a body that broke off, too many redirects.',
    remedy: 'Read the cause, check name and port of the host, and try again later.',
  },
  {
    code: 'HTTP_RESPONSE_LIMIT',
    where: ['call'],
    when: 'The body of a response is over the limit.',
    remedy: 'Raise memory.maxHttpResponseBytes.',
  },
  {
    code: 'BUDGET_EXCEEDED',
    where: ['createPlugin', 'call'],
    when: 'A call, or the start functions, asked for more than one of `limits` allows.',
    remedy:
      'Raise the limit that the message names, or let the plugin use less. The next call gets a new instance.',
  },
  {
    code: 'POLICY_DENIED',
    where: ['createPlugin', 'onDiagnostic'],
    when: 'The policy does not allow a module, a host, a folder, a config key, a host function, a power or a limit. One error lists all of them. A diagnostic with `mode: audit` and `allowUnreviewedBuilds`.',
    remedy: 'Ask for less, or let a person add the grant that the message shows at the line that it names.',
  },
  {
    code: 'LOCK_UNVERIFIABLE',
    where: ['createPlugin', 'onDiagnostic'],
    when: 'A policy is given, and a module came compiled, so that its hash is not known.',
    remedy:
      'Give the bytes, or import the module through plugboard/esbuild or plugboard/vite, which note its hash.',
  },
  {
    code: 'INVALID_POLICY',
    where: ['createPlugin', 'plugboard/audit'],
    when: 'A policy, a lock or a signed statement is not of its form.',
    remedy: 'Correct the line that the message names; docs/AUDIT.md describes the files.',
  },
  {
    code: 'INVALID_SIGNATURE',
    where: ['createPlugin', 'plugboard/audit'],
    when: 'A policy is not signed by one of the keys, or the signed statement has another type or other subjects.',
    remedy: 'Get the policy from its source again, and check which key signs it.',
  },
  {
    code: 'POLICY_EXPIRED',
    where: ['createPlugin', 'plugboard/audit'],
    when: 'The time of a policy is over.',
    remedy: 'Get a new policy. `now` gives the time that counts.',
  },
  {
    code: 'POLICY_OUTDATED',
    where: ['createPlugin', 'plugboard/audit'],
    when: 'The sequence of a policy is below `minSequence`: it is older than one that was seen.',
    remedy: 'Get the newest policy.',
  },
  {
    code: 'INVALID_RECORDING',
    where: ['plugboard/audit'],
    when: 'A text is not a recording, or is of another version or size.',
    remedy: 'Pass a text that a recorder has written, unchanged; the message names the place.',
  },
  {
    code: 'INVALID_TRACE',
    where: ['plugboard/audit'],
    when: 'A value is not a trace of this version: events, or their JSON Lines.',
    remedy:
      'Pass the events of `createTrace`, or a file of the format `jsonl`, unchanged; the message names the line.',
  },
  {
    code: 'ABORTED',
    where: ['call', 'plugboard/pool'],
    when: 'The AbortSignal of the call fired, while the call waited for its turn or while the plugin was suspended or in a worker.',
    remedy: 'Read the cause, which is the reason of the signal. The next call works.',
  },
  {
    code: 'TIMEOUT',
    where: ['createPlugin', 'call'],
    when: 'A call, or the start functions, took longer than timeoutMs.',
    remedy: 'Raise timeoutMs, or give the plugin less to do. The next call gets a new instance.',
  },
  {
    code: 'FUEL_EXHAUSTED',
    where: ['createPlugin', 'call'],
    when: 'A call, or the start functions, used more units of fuel than `limits.fuel` allows.',
    remedy: 'Raise limits.fuel, or give the plugin less to do. The next call gets a new instance.',
  },
  {
    code: 'WORKER_FAILED',
    where: ['createPlugin', 'loadPlugin', 'call'],
    when: 'The worker or the isolate that the plugin runs in could not be started, or died.',
    remedy:
      'Ship the file of the worker beside the bundle, and let the runtime start workers. The next call gets a new worker.',
  },
  {
    code: 'INIT_ERROR',
    where: ['onDiagnostic'],
    when: 'Diagnostic: a start function set an error text and returned. With strict, creation fails with INIT_FAILED.',
    remedy:
      "Give the plugin the config, files or variables that the text asks for; see the plugin's documentation.",
  },
  {
    code: 'ZERO_LIMIT',
    where: ['createPlugin', 'onDiagnostic'],
    when: 'Diagnostic: a limit in camel case is 0, which the official JS SDK takes for "no limit". Here it allows nothing.',
    remedy: 'Leave the limit out for its default; with strict, creation fails.',
  },
  {
    code: 'POOL_FULL',
    where: ['plugboard/pool'],
    when: 'As many uses wait for a plugin of a pool as `queue` or `queuePerKey` allows.',
    remedy: 'Answer that the service is busy and try again later, or raise the limit or `max`.',
  },
  {
    code: 'INVALID_SCHEMA',
    where: ['plugboard/types'],
    when: 'An XTP schema has another version than v0 and v1-draft, an unknown key, a wrong value, or YAML beyond the part that is read; or it names an export that the plugin lacks.',
    remedy: 'Correct the place that the message names, or give the schema as JSON.',
  },
  {
    code: 'INVALID_RANGE',
    where: ['call', 'onDiagnostic', 'plugboard/abi'],
    when: 'Diagnostic: output_set or input_set with a range outside the kernel memory.',
    remedy:
      'Correct the plugin: offset and length must lie within the memory that it allocated. Without strict the call is ignored.',
  },
  {
    code: 'UNKNOWN_HANDLE_FREED',
    where: ['call', 'onDiagnostic', 'plugboard/abi'],
    when: 'Diagnostic: free with a handle that is not that of a live block, such as a block freed before.',
    remedy:
      'Correct the plugin: free each block once, by the handle that alloc returned. Without strict the call is ignored.',
  },
] as const satisfies readonly ErrorCode[];

type Row = (typeof ERROR_CODES)[number];
type CodeAt<Place, R = Row> = R extends { code: infer Code; where: readonly (infer At)[] }
  ? Place extends At
    ? Code
    : never
  : never;

/** The host's own codes, of all rows above. */
export type HostErrorCode = Row['code'];
export type CreateErrorCode = CodeAt<'createPlugin'>;
export type CallErrorCode = CodeAt<'call'>;
