/** A claim that a test proves: `test.row('security.<id>', …)`. docs/SECURITY.md is printed from these rows. */
export interface Claim {
  id: string;
  claim: string;
  /** The mechanism that makes the claim true. */
  how: string;
  /** The source files of the mechanism. */
  files: readonly string[];
  /** The limits of the claim: text for the column "Not claimed". */
  not: string;
}

/** The promises in the documentation of Reflow's WebAssembly runtime, in its order. */
export const PROMISES: readonly Claim[] = [
  {
    id: 'sandboxing',
    claim: 'Sandboxing: a plugin runs in an isolated WebAssembly sandbox',
    how:
      'The engine keeps a plugin in its own memories, tables and globals. The host shares one memory with it, the kernel memory. ' +
      'No number that the plugin passes reaches outside that memory: every range is checked as a 64-bit number, in the ' +
      'reference kernel and in the accessors. The records about its blocks are kept outside the kernel memory. Each plugin ' +
      'has its own kernel, memory, variables and configuration.',
    files: ['abi/memory.ts', 'abi/accessors.ts', 'abi/env.ts', 'src/plugin.ts'],
    not:
      'Faults of the engine itself, and timing: plugins share a process and its caches, so a plugin can measure that others ' +
      'are at work. Run plugins that must not share even that in separate processes.',
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
      'wasi/provided/sinks.ts',
      'src/wasm/cap-memory.ts',
      'src/run/growth.ts',
      'src/limits.ts',
    ],
    not:
      'Without `memory.max_pages` the memories of a plugin may grow to the 4 GiB of 32-bit wasm. Tables, and the ' +
      'records of the engine and the host, are not counted: a variable costs some hundred bytes on top of its own bytes, ' +
      'kernel memory half as much again.',
  },
  {
    id: 'time-limits',
    claim: 'Resource limits: execution time can be limited',
    how:
      'With `timeoutMs` a plugin runs in a worker, unless `timeoutBy` says otherwise. When the time of a call is over, the worker is ended by force, together ' +
      'with the memory that it could still write to. The next call has a new worker; variables stay. Where no worker can be ' +
      'started (pages that are not cross-origin isolated), or where a worker in a loop cannot be ended (Bun, Deno), and for actors by default, checks are ' +
      "added to the plugin's functions and loops. They trap when the time is over. The host checks that nothing else in the " +
      'module was changed, and reports the change.',
    files: [
      'src/run/mode.ts',
      'src/run/deadline.ts',
      'src/module/rewrite.ts',
      'src/wasm/meter.ts',
      'src/link/checks.ts',
      'src/run/worker/runner.ts',
      'src/run/worker/thread.ts',
    ],
    not:
      'Without `timeoutMs` or `runInWorker` a plugin that never returns blocks its thread; on Bun and Deno, without `timeoutMs` ' +
      'a thread stays busy even when its call was aborted or the plugin closed. Checks come between instructions: a bulk ' +
      "instruction, a host function, or a wait on shared memory ends before the plugin does. `timeoutBy: 'worker'` ends them at once " +
      'on Node and in browsers. Where no bytes are compiled (workerd), and for modules that come compiled where checks are needed, asking for a time-out is an error.',
  },
  {
    id: 'host-functions',
    claim: 'Host function access: a plugin can only call functions that it was explicitly given',
    how:
      'Each import is looked up among the modules of the manifest, the own keys of `functions`, then WASI and the kernel. An ' +
      'import that is found nowhere fails the creation; one error names all such imports. The host gives functions only, no ' +
      'memory, table or global. After a call was ended, no function of the host does anything for it.',
    files: ['src/link/plan.ts', 'src/link/provided.ts', 'src/host/function.ts', 'abi/imports.ts'],
    not:
      'The rights that a host function gives away. It gets numbers that the plugin chose. `context.read` returns null for a ' +
      'number that is not a block, and the bytes in a block are untrusted data.',
  },
  {
    id: 'no-system-access',
    claim: 'No direct system access: no files, no network, no processes, no environment, except those given',
    how:
      'WASI gives clocks, random bytes and captured stdio; every other descriptor is closed. Folders are those of ' +
      '`allowed_paths` and `preopens`. One resolver walks each path name by name, so links and `..` cannot lead out of a folder. ' +
      '`http_request` fails the call unless `allowed_hosts` has the host; each redirect is checked again. `allowedSchemes` ' +
      'narrows that. So does `allowPrivateAddresses: false`, for names too: a name is looked up once, its addresses are checked, ' +
      'and the connection leads to one of these.',
    files: [
      'wasi/preview1.ts',
      'wasi/descriptors.ts',
      'wasi/files/path-resolver.ts',
      'src/platform/node-files.ts',
      'src/host/allowed-hosts.ts',
      'src/host/http.ts',
      'src/platform/node-http.ts',
      'src/platform/private-address.ts',
    ],
    not:
      'Changes that other processes make to a folder of the host meanwhile: [docs/WASI.md](/docs/WASI.md) lists the guarantees ' +
      'that remain. The address behind a host name, unless `allowPrivateAddresses` is false: an allowed name may lead to an address of ' +
      'your own network. Browsers and workerd, which look up no names for programs, refuse that option. Clocks tell the time, with the ' +
      'resolution of the platform. A manifest says where its wasm comes from: see the row "A manifest" above.',
  },
];

export const PLUGIN_CLAIMS: readonly Claim[] = [
  {
    id: 'kernel-arguments',
    claim: 'No function of the kernel can be called with numbers that make it reach outside, trap or hang',
    how: 'Numbers are u64 until they are compared with a range; one comparison covers both of its ends.',
    files: ['abi/env.ts', 'abi/accessors.ts', 'abi/memory.ts'],
    not: 'Within its kernel memory a plugin may read and write everywhere, including bytes that an earlier call of the same plugin left there.',
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
      'The reason is recorded, and every import checks it first: kernel, WASI and host functions refuse, the accessors trap. The ' +
      'call fails with that reason even when the export returns normally, and the next call gets a new instance.',
    files: ['abi/kernel.ts', 'abi/imports.ts', 'src/host/function.ts', 'src/run/call.ts'],
    not: 'Code without imports goes on until it returns.',
  },
  {
    id: 'recursion',
    claim: 'Endless recursion ends the call and nothing else, also in the middle of an import',
    how: "The engine's error is caught and reported as STACK_OVERFLOW; the instance is replaced.",
    files: ['src/run/call.ts', 'src/host/function.ts'],
    not: 'A host function that is called near the end of the stack can fail anywhere within.',
  },
  {
    id: 'kernel-bomb',
    claim: 'Blocks end at `memory.maxPages`',
    how: 'The allocator counts all bytes that it allocated during the call, freed blocks included.',
    files: ['abi/memory.ts'],
    not: '',
  },
  {
    id: 'memory-bomb',
    claim: 'Memory ends at `memory.max_pages`',
    how: 'The maximum of each memory is lowered before the module is compiled; the change is checked byte for byte and reported.',
    files: ['src/wasm/cap-memory.ts', 'src/run/growth.ts'],
    not: 'A compiled module (`WebAssembly.Module`) cannot be limited so; setting the limit for one is an error.',
  },
  {
    id: 'var-bomb',
    claim: 'Variables end at `memory.maxVarBytes`',
    how: 'Keys and values are counted in bytes of UTF-8. A variable that does not fit changes nothing.',
    files: ['abi/vars.ts'],
    not: '',
  },
  {
    id: 'log-bomb',
    claim: 'Log messages take no memory of the host',
    how:
      'Each message is handed to the logger and forgotten; a message below the level is not even decoded. No message is ' +
      'longer than 2^29 − 24 bytes.',
    files: ['abi/env.ts', 'src/plugin.ts'],
    not: 'Memory that the logger itself keeps, and how often it is called.',
  },
  {
    id: 'text-length',
    claim: 'No text of a plugin, however long, ends the process, and every engine reads the same texts',
    how:
      'The length in bytes is compared before anything is copied or decoded: error texts, log messages, keys, requests, outputs, ' +
      'parameters of host functions, names in modules, JSON and MessagePack. Keys and values of JSON are counted where there may ' +
      'be too many for an engine. Messages quote an excerpt of a text.',
    files: ['abi/utf8.ts', 'abi/json.ts', 'src/values/text.ts', 'src/values/base64.ts', 'src/errors.ts'],
    not:
      'JSON takes many times its length once it is read: `output.json()` and parameters of type `values.json` may take more than the ' +
      'heap of the engine holds, which ends the process. Compare `output.byteLength` with a limit of your own before.',
  },
  {
    id: 'print-bomb',
    claim: 'Printed text takes no more memory than the current line and the last lines',
    how: 'Long lines are cut; 20 lines and 16 KiB are kept for error reports.',
    files: ['wasi/provided/sinks.ts'],
    not: 'Memory that the receiver of lines itself keeps, and how often it is called.',
  },
  {
    id: 'diagnostics',
    claim: 'Mistakes without end take no memory of the host',
    how: 'Each diagnostic is handed to `onDiagnostic` and forgotten. With `strict` the first one ends the call.',
    files: ['abi/kernel.ts', 'src/plugin.ts'],
    not: '',
  },
  {
    id: 'many-imports',
    claim: 'Modules with very many imports and exports are linked in linear time',
    how: 'Exports are looked up in a map.',
    files: ['src/module/compile.ts', 'src/link/plan.ts'],
    not: 'How long the engine takes to compile. Limit the size of the modules that you accept.',
  },
  {
    id: 'names',
    claim: 'Names that JavaScript objects inherit, such as `__proto__`, are names like any other',
    how: 'Names are kept in maps and in objects without a prototype; only own keys are read.',
    files: [
      'src/link/plan.ts',
      'src/link/instance.ts',
      'src/plugin.ts',
      'abi/vars.ts',
      'src/given/settings.ts',
    ],
    not: '',
  },
  {
    id: 'host-failures',
    claim:
      'A host function that throws, or returns a wrong value, ends the call; the plugin cannot catch that',
    how: 'Errors thrown by host functions, loggers and receivers of lines and diagnostics are recorded as the end of the call.',
    files: ['src/host/function.ts', 'src/plugin.ts', 'src/run/call.ts'],
    not: 'The debug log: an error thrown by it reaches the caller of the plugin.',
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
    claim:
      'A view passes its own bytes and no others, even if its class claims otherwise; shared memory is copied',
    how: 'A view of another class is read through a new `Uint8Array` over its buffer. Wasm bytes are copied before anything else happens to them.',
    files: ['src/plugin.ts', 'src/given/manifest.ts'],
    not: 'A copy of shared memory that another thread writes to meanwhile may be torn.',
  },
  {
    id: 'output-copy',
    claim: 'An output is a copy that no later call changes; reading JSON from it sets no prototype',
    how: 'The output is copied out of kernel memory after its range was checked. An output too large for the engine is an error.',
    files: ['src/values/output.ts', 'src/run/call.ts'],
    not:
      'A structured clone of a small output includes the buffer that it shares with other outputs of the same plugin. ' +
      'The bytes of an output are untrusted data.',
  },
  {
    id: 'manifest-keys',
    claim: 'A manifest, as text or as an object, can set the keys of its table and nothing else',
    how:
      'Only own keys are read, each checked by its row. An unknown key (also `__proto__`) and an inherited known key are ' +
      'errors that name the key.',
    files: ['wasi/options.ts', 'src/given/option-keys.ts', 'src/given/manifest.ts'],
    not: '',
  },
  {
    id: 'read-once',
    claim:
      'The values that were checked are the values that are used, even if getters, proxies or the caller change the object',
    how: 'Each value is read once, and a copy of it is checked and used. The hashed bytes are the compiled bytes.',
    files: ['wasi/options.ts', 'src/given/option-keys.ts', 'src/given/manifest.ts', 'src/module/source.ts'],
    not: '',
  },
  {
    id: 'tenants',
    claim:
      'Plugins of one process see nothing of each other, also when calls are nested or follow each other',
    how:
      'No memory, variable, output or configuration is shared or used again for another plugin. A compiled module is used ' +
      'again if all bytes are equal; it holds no state.',
    files: ['src/plugin.ts', 'src/module/cache.ts', 'abi/kernel.ts'],
    not:
      'Creating a plugin is faster when its bytes were used before; that can be measured. A plugin that never returns, or takes ' +
      'all memory of the process, stops the others. Calls of one plugin are not kept apart: the next call can read all data that ' +
      "one customer's call left in memories and variables. Give each tenant its own plugin.",
  },
];

/** Parties that may be hostile. The caller of createPlugin is trusted, with all its options and host functions. */
export const ACTORS: readonly { who: string; can: string; cannot: string }[] = [
  {
    who: 'The bytes of a plugin, and of modules linked to it',
    can:
      'Run for ever; take the memory that limits allow; call the kernel, WASI and the host functions that it was given, with any ' +
      'numbers; pass any bytes as output, error text, log message, line or variable. Modules of one manifest trust each other.',
    cannot:
      'Reach memory, names or functions that it was not given; take back the end of a call; make the host fail in a way that is ' +
      'not an error of this call.',
  },
  {
    who: 'Data: inputs, messages, and results of host functions',
    can: 'Make the plugin do anything that the plugin is able to do.',
    cannot: 'Be anything else than bytes to the host.',
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
  {
    who: 'Another page in the browser, while `plugboard run --page` runs',
    can: 'Send requests to 127.0.0.1, also under a name of its own.',
    cannot:
      'Read, pause or delay the network, or send to it, without the token: `Host`, `Origin` and path are checked before all else.',
  },
];
