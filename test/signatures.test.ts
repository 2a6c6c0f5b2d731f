import { Kernel, KernelMemory, kernelImports } from '../abi/index.ts';
import {
  ActorConfig,
  ExtismEngine,
  FileState,
  MemoryState,
  ModuleLoader,
  readJson,
  readPacket,
  ScriptActor,
  writeConfig,
  writeJson,
  writePacket,
  writePayload,
} from '../src/actor/node.ts';
import { decode, encode } from '../src/msgpack/index.ts';
import { createPlugin, hostFunction, inspect, nodeFolder } from '../src/node.ts';
import {
  bytesSource,
  coarseClock,
  createWasi,
  LineSink,
  MemoryFs,
  readOnlyFs,
  traceImports,
  webClock,
  webRandom,
} from '../wasi/index.ts';
import { descriptorFs, preview2Preopens } from '../wasi/preview2/index.ts';
import { equal, is, raises } from './helpers/assert.ts';
import { buildModule } from './helpers/build-module.ts';
import { host, readText } from './helpers/host.ts';
import { type Callable, callablesOf } from './helpers/signatures.ts';
import { suite } from './helpers/suite.ts';
import { actor, engine, kernel, loader, plugin, TAKERS } from './option-tables.ts';

const ENTRIES = [
  'src/node',
  'src/actor/node',
  'abi/index',
  'wasi/index',
  'wasi/preview2/index',
  'src/msgpack/index',
];

/** Interfaces whose methods are written by callers and called by plugboard. */
const WRITTEN_BY_CALLERS = [
  ...[
    'Platform',
    'ValueCodec',
    'StateStore',
    'Clock',
    'Random',
    'Source',
    'Sink',
    'Fs',
    'FsFile',
    'FsDirectory',
  ],
  ...['Preview2Descriptor', 'Preview2DirectoryEntryStream', 'Preview2Preopens'],
];

/** Types of parameters that are options objects, each read by a table: see TAKERS. */
const OPTIONS = [
  ...[
    'PluginOptions',
    'CallOptions',
    'ResetOptions',
    'Signature',
    'ActorOptions',
    'SendOptions',
    'StopOptions',
  ],
  ...[
    'EngineOptions',
    'EngineCall',
    'LoaderOptions',
    'LoadOptions',
    'ReloadOptions',
    'NodeOptions',
    'ReadOptions',
  ],
  ...[
    'PayloadOptions',
    'WasiOptions',
    'LineSinkOptions',
    'MemoryFsOptions',
    'KernelOptions',
    'KernelMemoryOptions',
  ],
  ...['KernelImportOptions', 'FileStateOptions'],
];

/** All other types of parameters, and why they are not options. */
const NOT_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'of the language': [
    ...[
      'string',
      'number',
      'bigint',
      'boolean',
      'unknown',
      'null',
      'void',
      'readonly',
      'Uint8Array',
      'ArrayBuffer',
    ],
    ...['WebAssembly', 'Module', 'Memory', 'Instance', 'Error', 'ErrorOptions', 'PromiseLike', 'NoInfer'],
  ],
  'type parameters': ['T', 'Params', 'Result', 'Type'],
  'unions of strings': [
    'HostErrorCode',
    'ActorErrorCode',
    'ModuleErrorKind',
    'WasiErrorCode',
    'AbiErrorCode',
    'MemoryKind',
  ],
  'data, or where it is': [
    ...[
      'PluginInput',
      'Packet',
      'Message',
      'JsonValue',
      'JsonObject',
      'StateMap',
      'ActorConfig',
      'ModuleSource',
    ],
    ...[
      'RemoteReference',
      'NetworkEvent',
      'MemoryFiles',
      'WasmValue',
      'Range',
      'WasiParam',
      'meaning',
      'CallErrorDetails',
      'CallError',
      'Part',
    ],
  ],
  'read by a table of their own, as taken by no function alone': [
    'ManifestLike',
    'ScriptConfig',
    'GraphNode',
  ],
  'written by callers': [
    ...[
      'Fs',
      'Clock',
      'Codec',
      'Report',
      'ActorListener',
      'SendHttp',
      'Preview2Descriptor',
      'Preview2Preopens',
    ],
  ],
  'made by plugboard': ['ActorModule', 'CallContext', 'Kernel', 'SharedBacking', 'WasiImports'],
};

/** Functions that do not refuse an options object among surplus arguments. */
const LENIENT: readonly [names: RegExp, reason: string][] = [
  [
    /^(CallContext|CurrentPlugin|Kernel|KernelMemory|Vars)\./,
    'called for each value that crosses to a plugin',
  ],
  [
    /^(PluginOutput|Float|Message|LineSink|MemoryFs)\.|^new Float$|^ActorConfig\.get/,
    'make or read one value',
  ],
  [/^new \w+(Error|Exit)$/, 'errors are made by plugboard'],
  [/^(MemoryState|FileState)\.(load|commit|snapshot)$/, 'called by actors, as methods of a StateStore'],
  [/^(default|newPlugin)$/, 'other names of createPlugin'],
  [
    /^(Plugin\.(isActive|initialise|boundWait)|ExtismEngine\.(boundWait|stateRoom|run))$/,
    'called by plugboard itself, one of them in every step of a call',
  ],
  [
    /^(accessorBytes|compileAccessors|createSharedBacking|new Vars|\w+HttpRequest|errnoName|isPointer|hasTooManyValues|tooLongMessage)$/,
    'parts of a host',
  ],
  [/^new MemoryLink$/, 'a value'],
];

const WASM = buildModule({ functions: [{ name: 'nothing', body: [] }] });
const files = new MemoryFs();
const wasi = () => createWasi({});
const extra = { readOnly: true };

/** A call of each function with an object after its last parameter. */
const REFUSING: Readonly<Record<string, () => unknown>> = {
  createPlugin: () => call(createPlugin, WASM, {}, extra),
  inspect: () => call(inspect, WASM, extra),
  hostFunction: () => call(hostFunction, {}, () => {}, extra),
  nodeFolder: () => call(nodeFolder, '.', extra),
  'Plugin.call': async () => on(await plugin(), 'call', 'nothing', '', null, {}, extra),
  'Plugin.callSync': async () => on(await plugin(), 'callSync', 'nothing', '', null, extra),
  'Plugin.functionExists': async () => on(await plugin(), 'functionExists', 'nothing', extra),
  'Plugin.getExports': async () => on(await plugin(), 'getExports', extra),
  'Plugin.getImports': async () => on(await plugin(), 'getImports', extra),
  'Plugin.getInstance': async () => on(await plugin(), 'getInstance', extra),
  'Plugin.reset': async () => on(await plugin(), 'reset', {}, extra),
  'Plugin.close': async () => on(await plugin(), 'close', extra),
  'ScriptActor.create': () => on(ScriptActor, 'create', { source: WASM }, {}, extra),
  'ScriptActor.process': async () => on(await actor(), 'process', {}, {}, extra),
  'ScriptActor.start': async () => on(await actor(), 'start', extra),
  'ScriptActor.drain': async () => on(await actor(), 'drain', extra),
  'ScriptActor.stop': async () => on(await actor(), 'stop', {}, extra),
  'ScriptActor.reload': async () => on(await actor(), 'reload', WASM, extra),
  'ScriptActor.subscribe': async () => on(await actor(), 'subscribe', () => {}, extra),
  'ScriptActor.metadata': async () => on(await actor(), 'metadata', extra),
  'Inports.send': async () => on((await actor()).inports, 'send', {}, {}, extra),
  'ExtismEngine.create': () => on(ExtismEngine, 'create', { source: WASM }, {}, extra),
  'ExtismEngine.process': async () => on(await engine(), 'process', {}, extra),
  'ExtismEngine.validateConfig': async () => on(await engine(), 'validateConfig', '{}', extra),
  'ExtismEngine.renew': async () => on(await engine(), 'renew', extra),
  'ExtismEngine.close': async () => on(await engine(), 'close', extra),
  'new ModuleLoader': () => make(ModuleLoader, {}, extra),
  'ModuleLoader.load': async () => on(await loader(), 'load', 'b', WASM, {}, extra),
  'ModuleLoader.get': async () => on(await loader(), 'get', 'a', extra),
  'ModuleLoader.remove': async () => on(await loader(), 'remove', 'a', extra),
  'ModuleLoader.createActor': async () => on(await loader(), 'createActor', 'a', {}, extra),
  'ModuleLoader.reload': async () => on(await loader(), 'reload', 'a', WASM, {}, extra),
  'ModuleLoader.watch': async () => on(await loader(), 'watch', 'a', 'a.wasm', () => {}, extra),
  'new MemoryState': () => make(MemoryState, {}, extra),
  'FileState.open': () => on(FileState, 'open', 'missing/state.json', {}, extra),
  'ActorConfig.fromNode': () => call(ActorConfig.fromNode, { id: 'n', component: 'c' }, {}, extra),
  writeConfig: () => call(writeConfig, {}, undefined, extra),
  writePayload: () => call(writePayload, {}, {}, extra),
  readJson: () => call(readJson, '1', {}, extra),
  writeJson: () => call(writeJson, 1, extra),
  readPacket: () => call(readPacket, '{}', extra),
  writePacket: () => call(writePacket, {}, extra),
  encode: () => call(encode, 1, extra),
  decode: () => call(decode, Uint8Array.of(1), extra),
  'new Kernel': () => make(Kernel, { maxVarBytes: 0 }, extra),
  'new KernelMemory': () => make(KernelMemory, {}, extra),
  kernelImports: () => call(kernelImports, kernel(), {}, extra),
  createWasi: () => call(createWasi, {}, extra),
  'Wasi.bind': () => on(wasi(), 'bind', new WebAssembly.Memory({ initial: 1 }), extra),
  'Wasi.start': () => on(wasi(), 'start', { exports: {} }, extra),
  'Wasi.initialize': () => on(wasi(), 'initialize', { exports: {} }, extra),
  'Wasi.getImportObject': () => on(wasi(), 'getImportObject', undefined, extra),
  'Wasi.close': () => on(wasi(), 'close', extra),
  'new MemoryFs': () => make(MemoryFs, {}, {}, extra),
  'new LineSink': () => make(LineSink, {}, extra),
  readOnlyFs: () => call(readOnlyFs, files, extra),
  bytesSource: () => call(bytesSource, new Uint8Array(0), extra),
  traceImports: () => call(traceImports, wasi().imports, () => {}, extra),
  webClock: () => call(webClock, extra),
  webRandom: () => call(webRandom, extra),
  coarseClock: () => call(coarseClock, webClock(), 1n, extra),
  descriptorFs: () => call(descriptorFs, {}, extra),
  preview2Preopens: () => call(preview2Preopens, { getDirectories: () => [] }, extra),
};

// Their types forbid these calls.
const call = (fn: unknown, ...args: unknown[]) => (fn as (...args: unknown[]) => unknown)(...args);
const make = (type: unknown, ...args: unknown[]) =>
  new (type as new (...args: unknown[]) => unknown)(...args);
const on = (owner: unknown, method: string, ...args: unknown[]) =>
  (owner as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);

/** Names of the types in the type of a parameter; an inline object type counts as `{`. */
const typesIn = (type: string): string[] => [
  ...(/\{/.test(type) ? ['{'] : []),
  ...(type
    .replace(/'[^']*'/g, '')
    .replace(/[\w$]+\??:/g, '')
    .match(/[A-Za-z_$][\w$]*/g) ?? []),
];

const takesOptions = ({ params }: Callable) =>
  params.some(type => typesIn(type).some(name => OPTIONS.includes(name)));

suite('public signatures', test => {
  const callables = ENTRIES.flatMap(entry => callablesOf(`dist/${entry}.d.ts`, WRITTEN_BY_CALLERS));

  test('each type of a parameter is listed as options or as another kind', () => {
    const known = [...OPTIONS, ...Object.values(NOT_OPTIONS).flat()];
    const unknown = callables.flatMap(({ name, params }) =>
      params.flatMap(type =>
        typesIn(type)
          .filter(part => !known.includes(part))
          .map(part => `${name}: ${part}`),
      ),
    );
    equal(unknown, []);
  });

  test('each function that takes options has its table tested', () => {
    const tried = new Set(TAKERS.map(({ callable }) => callable));
    const taking = callables.filter(takesOptions).map(({ name }) => name);
    // Other names of createPlugin, and the part of `process` that gets checked options.
    const covered = ['default', 'newPlugin', 'ExtismEngine.run'];
    equal(
      taking.filter(name => !tried.has(name) && !covered.includes(name)),
      [],
    );
    equal(
      [...tried].filter(name => name !== null && !taking.includes(name)),
      [],
    );
  });

  test('each function refuses an unread object after its parameters, or is listed with a reason', () => {
    const isLenient = (name: string) => LENIENT.some(([names]) => names.test(name));
    const names = callables.map(({ name }) => name);
    equal(
      names.filter(name => !Object.hasOwn(REFUSING, name) && !isLenient(name)),
      [],
    );
    equal(
      Object.keys(REFUSING).filter(name => !names.includes(name) || isLenient(name)),
      [],
    );
    equal(
      LENIENT.filter(([pattern]) => !names.some(name => pattern.test(name))),
      [],
    );
  });

  for (const [name, attempt] of Object.entries(REFUSING)) {
    test(`${name} refuses an object after its last parameter`, async () => {
      const { code } = await raises(attempt, {
        message: 'takes no options here, got an object that nothing would read',
      });
      is(['INVALID_OPTION', 'INVALID_CONFIG', 'WASI_INVALID_OPTION'].includes(code!), true, code);
    });
  }

  test('a function passed to map accepts its further arguments', () => {
    is([host().path('.')].map(nodeFolder).length, 1);
    equal(['1', '[2]'].map(readJson as (text: string) => unknown), [1, [2]]);
    equal([new Uint8Array(1)].map(bytesSource).length, 1);
    equal([1].map(encode), [Uint8Array.of(1)]);
  });

  test('abi/options.ts and wasi/options.ts are equal', () => {
    is(readText('abi/options.ts') === readText('wasi/options.ts'), true);
  });

  test('a new signature, a new type and an inline type are noticed', () => {
    const found = callablesOf('dist/test/helpers/signatures.d.ts', []);
    equal(
      found.map(({ name }) => name),
      ['callablesOf'],
    );
    equal(found[0]!.params, ['string', 'readonly string[]']);
    equal(typesIn('{ a?: string; }'), ['{', 'string']);
    equal(typesIn("Omit<LoadOptions, 'entryPoint'>"), ['Omit', 'LoadOptions']);
  });
});
