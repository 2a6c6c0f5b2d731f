/** A claim that a test proves: `test.row('security.<id>', …)`. docs/SECURITY.md is printed from these rows. */
export interface Claim {
  id: string;
  claim: string;
  /** How it is done. */
  how: string;
  /** The files that do it. */
  files: readonly string[];
  /** What is not claimed by it. */
  not: string;
}

/** Those of Reflow's documentation of its WebAssembly runtime, in its order. */
export const PROMISES: readonly Claim[] = [
  {
    id: 'sandboxing',
    claim: 'Sandboxing: a plugin runs in an isolated WebAssembly sandbox',
    how:
      'The engine keeps a plugin in its own memories, tables and globals. What it shares with the host is its kernel memory, ' +
      'which no number that it passes leads out of: every range is checked as a 64-bit number, in the reference kernel and in ' +
      'the accessors. What the host knows of the blocks in that memory lies outside it. Each plugin has a kernel, a memory, ' +
      'variables and configuration of its own.',
    files: ['abi/memory.ts', 'abi/accessors.ts', 'abi/env.ts', 'src/plugin.ts'],
    not:
      'A fault of the engine itself, and what can be measured: plugins share a process and its caches, so that time tells ' +
      'something of what others do. Plugins that must not share even that belong into processes of their own.',
  },
  {
    id: 'resource-limits',
    claim: 'Resource limits: memory can be limited',
    how:
      'Blocks, variables and lines are counted by the host. `memory.max_pages` also limits the memories of the plugin, by a ' +
      'maximum written into its memory section. [docs/LIMITS.md](/docs/LIMITS.md) has every limit with its default.',
    files: [
      'abi/memory.ts',
      'abi/vars.ts',
      'wasi/sinks.ts',
      'src/wasm/cap-memory.ts',
      'src/growth.ts',
      'src/limits.ts',
    ],
    not:
      'Without `memory.max_pages` the memories of a plugin may grow to the 4 GiB of 32-bit wasm. Tables, and what ' +
      'the engine and the host need for their own records, are not counted: a variable costs some hundred bytes beside its own, ' +
      'kernel memory half as much again.',
  },
  {
    id: 'time-limits',
    claim: 'Resource limits: execution time can be limited',
    how:
      'With `timeoutMs` a plugin runs in a worker, which is ended by force when the time of a call is over, and with it the ' +
      'memory that it could still write to. The next call has a new worker; variables stay. Where no worker is to be had ' +
      '(pages that are not cross-origin isolated), or none that can be ended in a loop (Bun, Deno), checks are added to ' +
      "the plugin's functions and loops, which trap when the time is over; that nothing else was changed is checked, and reported.",
    files: [
      'src/mode.ts',
      'src/deadline.ts',
      'src/rewrite.ts',
      'src/wasm/meter.ts',
      'src/worker/runner.ts',
      'src/worker/thread.ts',
    ],
    not:
      'Without `timeoutMs` or `runInWorker` a plugin that never returns blocks its thread; on Bun and Deno, without `timeoutMs` ' +
      'a thread stays busy even when its call was aborted or the plugin closed. Checks come between instructions: a bulk ' +
      'instruction, or a host function, is not cut short. Where no ' +
      'bytes are compiled (workerd), and for modules that come compiled where checks are needed, asking for a time-out is an error.',
  },
  {
    id: 'host-functions',
    claim: 'Host function access: a plugin can only call what it was explicitly given',
    how:
      'Each import is looked up among the modules of the manifest, the own keys of `functions`, then WASI and the kernel. What ' +
      'is not there fails the creation, with all of it named in one error. The host gives functions only, no memory, table or ' +
      'global. After a call was ended, no function of the host does anything for it.',
    files: ['src/link.ts', 'src/import-table.ts', 'src/host-function.ts', 'abi/imports.ts'],
    not:
      'What a host function lets through. It gets numbers that the plugin chose; `context.read` answers null for what is no ' +
      'block, and what is in a block is data from a stranger.',
  },
  {
    id: 'no-system-access',
    claim: 'No direct system access: no files, no network, no processes, no environment but what is given',
    how:
      'WASI gives clocks, random bytes and stdio that is captured; every other descriptor is closed. Folders are those of ' +
      '`allowed_paths` and `preopens`, and one resolver decides what lies in them, name by name, whatever links and `..` say. ' +
      '`http_request` fails the call unless `allowed_hosts` has the host, asked again for each redirect; `allowedSchemes` ' +
      'and `allowPrivateAddresses` narrow that.',
    files: [
      'wasi/preview1.ts',
      'wasi/descriptors.ts',
      'wasi/path-resolver.ts',
      'src/platform/node-files.ts',
      'src/http.ts',
    ],
    not:
      'What other processes do to a folder of the host meanwhile: [docs/WASI.md](/docs/WASI.md) says what holds then. What stands ' +
      'behind a host name: an allowed name may lead to an address of your own network, also where `allowPrivateAddresses: false` ' +
      'refuses those that are written as addresses. Clocks tell the time, with the resolution that the platform gives. A manifest says where its wasm comes from: see what a ' +
      'manifest can do.',
  },
];

export const PLUGIN_CLAIMS: readonly Claim[] = [
  {
    id: 'kernel-arguments',
    claim: 'No function of the kernel can be called with numbers that make it reach outside, trap or hang',
    how: 'Numbers are u64 until they are compared with a range; one comparison covers both of its ends.',
    files: ['abi/env.ts', 'abi/accessors.ts', 'abi/memory.ts'],
    not: 'Within its kernel memory a plugin may read and write everywhere, also what an earlier call of its own left there.',
  },
  {
    id: 'kernel-records',
    claim: 'A plugin that overwrites its kernel memory can mislead itself only',
    how:
      'Lengths and free lists are arrays of the host. The words that the accessors compare with lie below the first address ' +
      'that a plugin can reach.',
    files: ['abi/memory.ts'],
    not: '',
  },
  {
    id: 'stop-is-final',
    claim: 'A plugin that catches every exception cannot go on after a call was ended',
    how:
      'The reason is recorded, and every import asks for it first: kernel, WASI and host functions refuse, the accessors trap. The ' +
      'call fails with that reason, whatever the export returns, and the next one gets a new instance.',
    files: ['abi/kernel.ts', 'abi/imports.ts', 'src/host-function.ts', 'src/call.ts'],
    not: 'Code without imports goes on until it returns.',
  },
  {
    id: 'recursion',
    claim: 'Endless recursion ends the call and nothing else, also in the middle of an import',
    how: "The engine's error is caught and reported as STACK_OVERFLOW; the instance is replaced.",
    files: ['src/call.ts', 'src/host-function.ts'],
    not: 'A host function that is called near the end of the stack can fail anywhere within.',
  },
  {
    id: 'kernel-bomb',
    claim: 'Blocks end at `memory.maxPages`',
    how: 'The allocator counts what it ever gave out in the call, freed blocks included.',
    files: ['abi/memory.ts'],
    not: '',
  },
  {
    id: 'memory-bomb',
    claim: 'Memory ends at `memory.max_pages`',
    how: 'The maximum of each memory is lowered before the module is compiled; the change is checked byte for byte and reported.',
    files: ['src/wasm/cap-memory.ts', 'src/growth.ts'],
    not: 'A module that comes compiled cannot be limited so; asking for it is an error.',
  },
  {
    id: 'var-bomb',
    claim: 'Variables end at `memory.maxVarBytes`',
    how: 'Keys and values are counted in bytes of UTF-8. One that does not fit changes nothing.',
    files: ['abi/vars.ts'],
    not: '',
  },
  {
    id: 'log-bomb',
    claim: 'Log messages take no memory of the host',
    how:
      'Each is handed to the logger and forgotten; below the level it is not even decoded. None is longer than ' +
      '2^29 − 24 bytes.',
    files: ['abi/env.ts', 'src/plugin.ts'],
    not: 'What the logger keeps, and how often it is called.',
  },
  {
    id: 'text-length',
    claim: 'No text of a plugin ends the process, whatever its length, and every engine reads the same texts',
    how:
      'The length in bytes is compared before anything is copied or decoded: error texts, log messages, keys, requests, outputs, ' +
      'parameters of host functions, names in modules, JSON and MessagePack. Keys and values of JSON are counted where there may ' +
      'be too many for an engine. Messages quote an excerpt of a text.',
    files: ['abi/utf8.ts', 'abi/json.ts', 'src/text.ts', 'src/base64.ts', 'src/errors.ts'],
    not:
      'JSON takes many times its length once it is read: `output.json()` and parameters of type `values.json` may take more than the ' +
      'heap of the engine holds, which ends the process. Compare `output.byteLength` with a limit of your own before.',
  },
  {
    id: 'print-bomb',
    claim: 'What is printed takes no more memory than a line and the last lines',
    how: 'Long lines are cut; 20 lines and 16 KiB are kept for error reports.',
    files: ['wasi/sinks.ts'],
    not: 'What the receiver of lines keeps, and how often it is called.',
  },
  {
    id: 'diagnostics',
    claim: 'Mistakes without end take no memory of the host',
    how: 'Each is handed to `onDiagnostic` and forgotten. With `strict` the first one ends the call.',
    files: ['abi/kernel.ts', 'src/plugin.ts'],
    not: '',
  },
  {
    id: 'many-imports',
    claim: 'Modules with very many imports and exports are linked in linear time',
    how: 'Exports are looked up in a map.',
    files: ['src/module.ts', 'src/link.ts'],
    not: 'How long the engine takes to compile. Limit the size of what you accept.',
  },
  {
    id: 'names',
    claim: 'Names that JavaScript objects inherit, such as `__proto__`, are names like any other',
    how: 'Maps, objects without a prototype, and own keys alone.',
    files: ['src/link.ts', 'src/instance.ts', 'src/plugin.ts', 'abi/vars.ts', 'src/settings.ts'],
    not: '',
  },
  {
    id: 'host-failures',
    claim:
      'What a function of the host throws or returns by mistake ends the call, and cannot be caught away',
    how: 'Host functions, loggers and receivers of lines and diagnostics are called where anything that they throw ends the call.',
    files: ['src/host-function.ts', 'src/plugin.ts', 'src/call.ts'],
    not: 'The debug log: what it throws reaches whoever made the call.',
  },
];

export const OTHER_CLAIMS: readonly Claim[] = [
  {
    id: 'input-untouched',
    claim: "The caller's buffers are never changed",
    how: 'The input is copied into kernel memory.',
    files: ['abi/memory.ts', 'src/plugin.ts'],
    not: '',
  },
  {
    id: 'views',
    claim: 'A view gives its part and no other byte, whatever its class says; shared memory is copied',
    how: 'Offset and length are those of the buffer beneath. Wasm bytes are copied before anything else happens to them.',
    files: ['src/plugin.ts', 'src/manifest.ts'],
    not: 'A copy of shared memory that another thread writes to meanwhile may be torn.',
  },
  {
    id: 'output-copy',
    claim: 'An output is a copy that no later call changes; reading JSON from it sets no prototype',
    how: 'It is copied out of kernel memory, once the range was checked. What the engine has no room for is an error.',
    files: ['src/output.ts', 'src/call.ts'],
    not:
      'A structured clone of a small output takes along the buffer that it shares with other outputs of the same plugin. ' +
      'What is in an output is data from a stranger.',
  },
  {
    id: 'manifest-keys',
    claim: 'A manifest, as text or as an object, can set what is in the table of keys and nothing else',
    how:
      'Own keys only, each checked by its row; an unknown one, `__proto__` included, is an error that names it, and so is a ' +
      'known one that is inherited.',
    files: ['wasi/options.ts', 'src/option-keys.ts', 'src/manifest.ts'],
    not: '',
  },
  {
    id: 'read-once',
    claim:
      'What was checked is what is used, though getters, proxies or the caller change the rest meanwhile',
    how: 'Each value is read once, and what was checked is copied. The bytes that are hashed are those that are compiled.',
    files: ['wasi/options.ts', 'src/option-keys.ts', 'src/manifest.ts', 'src/source.ts'],
    not: '',
  },
  {
    id: 'tenants',
    claim:
      'Plugins of one process see nothing of each other, also in calls inside each other or one after the other',
    how:
      'No memory, variable, output or configuration is shared or used again for another plugin. Compiled modules are, when all ' +
      'their bytes are the same; they hold no state.',
    files: ['src/plugin.ts', 'src/module-cache.ts', 'abi/kernel.ts'],
    not:
      'That creating a plugin is faster when its bytes were used before tells that they were. One that never returns, or takes ' +
      "all memory of the process, stops the others. A plugin's own calls are not kept apart: what one customer's call leaves in " +
      'its memories and variables, the next call can read. Give each tenant a plugin of its own.',
  },
];

/** Who may be hostile. Whoever calls createPlugin is trusted, with all that is given as options and host functions. */
export const ACTORS: readonly { who: string; can: string; cannot: string }[] = [
  {
    who: 'The bytes of a plugin, and of modules linked to it',
    can:
      'Run for ever; take the memory that limits allow; call the kernel, WASI and the host functions that it was given, with any ' +
      'numbers; give any bytes as output, error text, log message, line or variable. Modules of one manifest trust each other.',
    cannot:
      'Reach memory, names or functions that it was not given; take back the end of a call; make the host fail in a way that is ' +
      'not an error of this call.',
  },
  {
    who: 'Data: inputs, messages, and what host functions hand over',
    can: 'Whatever the plugin makes of it.',
    cannot: 'Be anything to the host but bytes.',
  },
  {
    who: 'A manifest',
    can:
      'Name a file or a URL from which wasm is read, with the rights of the process; set config, and limits where the options do ' +
      'not. Take manifests from strangers only where that is fine, or build them yourself around their bytes.',
    cannot:
      'Give host functions, files or hosts; loosen a limit that the options set; run bytes other than those of its hash.',
  },
  {
    who: 'Another tenant: a plugin in the same process',
    can: 'Use up time and memory of the process; measure how fast things are.',
    cannot: 'See or change anything of another plugin.',
  },
];
