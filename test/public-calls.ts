import {
  accessorBytes,
  compileAccessors,
  createSharedBacking,
  Kernel,
  KernelMemory,
  kernelImports,
  Vars,
} from '../abi/index.ts';
import { ScriptActor as AnyActor } from '../src/actor/actor.ts';
import { ExtismEngine as AnyEngine } from '../src/actor/engine/engine.ts';
import {
  ActorConfig,
  ExtismEngine,
  FileState,
  Float,
  MemoryState,
  Message,
  ModuleLoader,
  readJson,
  readPacket,
  ScriptActor,
  writeConfig,
  writeJson,
  writePacket,
  writePayload,
} from '../src/actor/node.ts';
import {
  builtModule,
  compareGrants,
  compareReports,
  createRecorder,
  createTrace,
  emitTest,
  formatTraceEvent,
  lintTrace,
  readPolicy,
  replay,
  reportOf,
  secret,
  signPolicy,
  smallestManifest,
  toHtml,
  toSarif,
  verifyPolicy,
} from '../src/audit/node.ts';
import { plugboard } from '../src/build/esbuild.ts';
import { attempt } from '../src/errors.ts';
import { decode, encode } from '../src/msgpack/index.ts';
import { durableNetwork } from '../src/network/durable-object/index.ts';
import { NatsEngine } from '../src/network/nats/index.ts';
import { Network as AnyNetwork } from '../src/network/network.ts';
import { JournalEngine, Network, toDot, toMermaid } from '../src/network/node.ts';
import {
  type CallContext,
  compilePlugin,
  createPlugin,
  hostFunction,
  inspect,
  nodeFolder,
  PluginOutput,
} from '../src/node.ts';
import { Plugin } from '../src/plugin.ts';
import { PluginPool } from '../src/pool/index.ts';
import { describePlugin, printDeclaration, printModule } from '../src/types/index.ts';
import { loadPlugin } from '../src/worker-loader/index.ts';
import {
  bytesSource,
  coarseClock,
  createWasi,
  LineSink,
  MemoryFs,
  MemoryLink,
  readOnlyFs,
  traceImports,
  webClock,
  webRandom,
} from '../wasi/index.ts';
import { descriptorFs, preview2Preopens } from '../wasi/preview2/index.ts';
import { GOOD } from './audit/signed-policies.ts';
import { buildModule } from './helpers/build-module.ts';
import { FakeNamespace } from './network/durable-objects.ts';
import { FakeNats } from './network/fake-nats.ts';
import {
  ACTOR,
  actor,
  childLoader,
  compiled,
  compiledPlugin,
  engine,
  FACTS,
  kernel,
  LOADED,
  loadedPlugin,
  loader,
  network,
  newNetwork,
  newPool,
  once,
  plugin,
  pool,
  REPORT,
} from './option-tables.ts';
import { RECORDED } from './replay/example.ts';
import { EVENTS } from './trace/example.ts';

/** The files of the public entries, without their ending. */
export const ENTRIES = [
  'src/node',
  'src/actor/node',
  'src/network/node',
  'src/network/nats/index',
  'src/network/durable-object/index',
  'src/worker-loader/index',
  'abi/index',
  'wasi/index',
  'wasi/preview2/index',
  'src/msgpack/index',
  'src/pool/index',
  'src/types/index',
  'src/audit/node',
  'src/build/esbuild',
  'src/build/vite',
];

/** Interfaces whose methods are written by callers and called by plugboard. */
export const WRITTEN_BY_CALLERS = [
  ...[
    'NatsConnection',
    'WorkerLoader',
    'BytesSource',
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
  'ComponentContext',
  ...['Preview2Descriptor', 'Preview2DirectoryEntryStream', 'Preview2Preopens'],
];

/** A public function with arguments for a call that works. */
export interface PublicCall {
  run(...args: readonly unknown[]): unknown;
  args: readonly unknown[];
}

type Any = (...args: unknown[]) => unknown;

// Tests pass wrong arguments on purpose, which the types forbid.
const call = (fn: unknown, ...args: unknown[]): PublicCall => ({
  run: (...given) => (fn as Any)(...given),
  args,
});
const make = (type: unknown, ...args: unknown[]): PublicCall => ({
  run: (...given) => new (type as new (...args: unknown[]) => unknown)(...given),
  args,
});
/** @param owner makes or returns the object with the method */
const on = (owner: () => unknown, method: string, ...args: unknown[]): PublicCall => ({
  run: (...given) => {
    const use = (made: unknown) => (made as Record<string, Any>)[method]!(...given);
    const made = owner();
    return made instanceof Promise ? made.then(use) : use(made);
  },
  args,
});

/** Calls the function that the call returns. */
const ended = ({ run, args }: PublicCall): PublicCall => ({
  run: async (...given) => ((await run(...given)) as Any)(),
  args,
});

const WASM = buildModule({ functions: [{ name: 'nothing', body: [] }] });
const TYPES = describePlugin(WASM);
const POLICY = { version: 1, plugins: [] } as const;
/** Stands for an argument that is made when the call runs. Instances of classes are passed to other realms as they are. */
class Later {}
const [MODULE, SIGNING, COMPILED, CLASS] = [new Later(), new Later(), new Later(), new Later()];
const signingKey = once(
  () =>
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ]) as Promise<CryptoKeyPair>,
);
// Plugins are shared by the calls of one row: JavaScriptCore takes 50 ms for each new memory of many (measured on Bun).
const newActor = () => once(() => ScriptActor.create({ source: ACTOR }));
// A loader reloads all actors that it made.
const newLoader = () =>
  once(async () => {
    const made = new ModuleLoader();
    await made.load('a', ACTOR);
    return made;
  });
const newEngine = () => once(() => ExtismEngine.create({ source: ACTOR }));

/** Ends a plugin or actor that a call has returned. */
export async function release(made: unknown): Promise<void> {
  if (made instanceof AnyActor || made instanceof AnyNetwork) await made.stop();
  else if (made instanceof Plugin || made instanceof AnyEngine) await made.close();
}
const files = new MemoryFs();
const wasi = () => createWasi({});
const lines = () => new LineSink();
const output = () => new PluginOutput(new ArrayBuffer(16));
const state = () => new MemoryState();
const journal = () => new JournalEngine('missing/state');
const connection = new FakeNats().connect();
const nats = () => new NatsEngine(connection);
const vars = () => new Vars(1000);
const config = { config: { text: 'a', env: {} } };
const emptyFolder = { getDirectories: () => [] };
const GRAPH = {
  properties: { name: 'n' },
  processes: { a: { component: 'X' } },
  inports: { go: { nodeId: 'a', portId: 'p' } },
  outports: { end: { nodeId: 'a', portId: 'p' } },
};
const PLAN = Network.plan(GRAPH);
const durable = once(() =>
  new FakeNamespace(GRAPH, { network: { components: { X: { source: ACTOR } } } }).object('o'),
);
const moduleNetwork = once(() => Network.create(GRAPH, { components: { X: { source: ACTOR } } }));
const PACKET = { port: { type: 'Flow' } };

/** Runs `use` with the context of a host function that is running. */
function inContext(method: string, ...args: unknown[]): PublicCall {
  let given: readonly unknown[];
  let thrown: { error: unknown } | undefined;
  const pluginOf = once(() => {
    const host = (context: CallContext) => {
      try {
        (context as unknown as Record<string, Any>)[method]!(...given);
      } catch (error) {
        thrown = { error };
      }
    };
    const wasm = buildModule({
      imports: [{ module: 'extism:host/user', name: 'host' }],
      functions: [{ name: 'run', body: ['call 0'] }],
    });
    return createPlugin(wasm, { functions: { 'extism:host/user': { host } } });
  });
  const run = async (...values: readonly unknown[]) => {
    given = values;
    thrown = undefined;
    await (await pluginOf()).call('run');
    if (thrown) throw (thrown as { error: unknown }).error;
  };
  return { run, args };
}
const CONTEXT: Readonly<Record<string, PublicCall>> = {
  hostContext: inContext('hostContext'),
  alloc: inContext('alloc', 8),
  free: inContext('free', 8n),
  read: inContext('read', 8n),
  store: inContext('store', 'text'),
  length: inContext('length', 8n),
  getVariable: inContext('getVariable', 'name'),
  setVariable: inContext('setVariable', 'name', 'value'),
  deleteVariable: inContext('deleteVariable', 'name'),
  setError: inContext('setError', 'text'),
};
const named = (owner: string, calls: Readonly<Record<string, PublicCall>>) =>
  Object.fromEntries(Object.entries(calls).map(([name, value]) => [`${owner}.${name}`, value]));
const setters = ['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float16', 'Float32', 'Float64'];

/** Each function, method and constructor that the entries export, by the names of test/helpers/signatures.ts. */
export const PUBLIC_CALLS: Readonly<Record<string, PublicCall>> = {
  createPlugin: call(createPlugin, WASM, {}),
  inspect: call(inspect, WASM),
  hostFunction: call(hostFunction, {}, () => {}),
  nodeFolder: call(nodeFolder, '.'),
  compilePlugin: call(compilePlugin, WASM, {}),
  'CompiledPlugin.instantiate': on(compiledPlugin, 'instantiate', {}),
  'new PluginPool': {
    run: async (given, ...rest) =>
      make(PluginPool).run(given === COMPILED ? await compiledPlugin() : given, ...rest),
    args: [COMPILED, {}],
  },
  'PluginPool.call': on(pool, 'call', 'key', 'nothing', '', null, {}),
  'PluginPool.use': {
    run: (key, work, ...rest) => {
      // Its errors are the caller's own, and pass.
      const quiet = async () => attempt(() => (work as Any)(), undefined);
      return on(pool, 'use').run(key, typeof work === 'function' ? quiet : work, ...rest);
    },
    args: ['key', () => {}, {}],
  },
  'PluginPool.stats': on(pool, 'stats'),
  'PluginPool.reload': {
    run: async (given, ...rest) =>
      on(pool, 'reload').run(given === COMPILED ? await compiledPlugin() : given, ...rest),
    args: [COMPILED],
  },
  'PluginPool.drain': on(newPool, 'drain'),
  'PluginPool.close': on(newPool, 'close'),
  'Plugin.call': on(plugin, 'call', 'nothing', '', null, {}),
  'Plugin.callSync': on(plugin, 'callSync', 'nothing', '', null),
  'Plugin.functionExists': on(plugin, 'functionExists', 'nothing'),
  'Plugin.getExports': on(plugin, 'getExports'),
  'Plugin.getImports': on(plugin, 'getImports'),
  'Plugin.getInstance': on(plugin, 'getInstance'),
  'Plugin.getVar': on(plugin, 'getVar', 'name'),
  'Plugin.setVar': on(plugin, 'setVar', 'name', 'value'),
  'Plugin.isActive': on(plugin, 'isActive'),
  'Plugin.reset': on(plugin, 'reset', {}),
  'Plugin.close': on(
    once(() => createPlugin(WASM)),
    'close',
  ),
  ...named('CallContext', CONTEXT),
  ...named('CurrentPlugin', CONTEXT),
  'PluginOutput.json': on(() => new PluginOutput(Uint8Array.of(0x31).buffer), 'json'),
  'PluginOutput.text': on(output, 'text'),
  'PluginOutput.string': on(output, 'string'),
  'PluginOutput.bytes': on(output, 'bytes'),
  'PluginOutput.arrayBuffer': on(output, 'arrayBuffer'),
  ...Object.fromEntries(
    [...setters, 'BigInt64', 'BigUint64'].map(name => [`PluginOutput.set${name}`, on(output, `set${name}`)]),
  ),
  'ScriptActor.create': call(ScriptActor.create.bind(ScriptActor), { source: ACTOR }, {}),
  'ScriptActor.process': on(actor, 'process', {}, {}),
  'ScriptActor.step': on(actor, 'step', new Map(), {}, {}),
  'ScriptActor.dropInstance': on(newActor(), 'dropInstance'),
  'ScriptActor.start': on(actor, 'start'),
  'ScriptActor.drain': on(actor, 'drain'),
  'ScriptActor.stop': on(newActor(), 'stop', {}),
  'ScriptActor.reload': on(newActor(), 'reload', ACTOR),
  'ScriptActor.subscribe': on(newActor(), 'subscribe', () => {}),
  'ScriptActor.metadata': on(actor, 'metadata'),
  'Inports.send': on(async () => (await actor()).inports, 'send', {}, {}),
  'ExtismEngine.create': call(ExtismEngine.create.bind(ExtismEngine), { source: ACTOR }, {}),
  'ExtismEngine.process': on(engine, 'process', {
    payload: '{}',
    config: '{}',
    state: new Map(),
    packets: [],
  }),
  'ExtismEngine.validateConfig': on(engine, 'validateConfig', '{}'),
  'ExtismEngine.stateRoom': on(engine, 'stateRoom', '{}'),
  'ExtismEngine.renew': on(engine, 'renew'),
  'ExtismEngine.close': on(newEngine(), 'close'),
  'new ModuleLoader': make(ModuleLoader, {}),
  'ModuleLoader.load': on(loader, 'load', 'b', ACTOR, {}),
  'ModuleLoader.get': on(loader, 'get', 'a'),
  'ModuleLoader.remove': on(loader, 'remove', 'c'),
  'ModuleLoader.createActor': on(newLoader(), 'createActor', 'a', {}),
  'ModuleLoader.reload': on(newLoader(), 'reload', 'a', ACTOR, {}),
  'ModuleLoader.watch': ended(on(newLoader(), 'watch', 'a', 'a.wasm', () => {})),
  'new MemoryState': make(MemoryState, {}),
  'MemoryState.load': on(state, 'load'),
  'MemoryState.commit': on(state, 'commit', new Map()),
  'MemoryState.snapshot': on(state, 'snapshot'),
  'FileState.open': call(FileState.open.bind(FileState), 'missing/state.json', {}),
  'ActorConfig.getString': call(ActorConfig.getString, config, 'text'),
  'ActorConfig.getNumber': call(ActorConfig.getNumber, config, 'text'),
  'ActorConfig.getInteger': call(ActorConfig.getInteger, config, 'text'),
  'ActorConfig.getBool': call(ActorConfig.getBool, config, 'text'),
  'ActorConfig.getEnv': call(ActorConfig.getEnv, config, 'text'),
  'ActorConfig.getConfigOrEnv': call(ActorConfig.getConfigOrEnv, config, 'text'),
  'ActorConfig.fromNode': call(ActorConfig.fromNode, { id: 'n', component: 'c' }, {}),
  writeConfig: call(writeConfig, {}, undefined),
  writePayload: call(writePayload, {}, {}),
  'Network.plan': call(Network.plan, { properties: { name: 'n' } }, {}),
  'Network.create': call(Network.create.bind(Network), GRAPH, { components: { X: () => {} } }),
  'Network.start': on(once(newNetwork), 'start'),
  'Network.call': on(network, 'call', { go: { type: 'Flow' } }, {}),
  'Network.accept': on(network, 'accept', { go: { type: 'Flow' } }, '1'),
  'Network.drain': on(network, 'drain'),
  'Network.stop': on(once(newNetwork), 'stop', {}),
  'Network.reload': on(moduleNetwork, 'reload', 'X', ACTOR),
  'Network.snapshot': on(network, 'snapshot'),
  'Network.deadLetters': on(network, 'deadLetters'),
  'Network.redrive': on(network, 'redrive', { node: 'x', read: [] }),
  'Network.subscribe': on(network, 'subscribe', () => {}, {}),
  'NetworkInport.send': on(async () => (await network()).inports.go, 'send', { type: 'Flow' }, {}),
  'NetworkInport.writable': on(async () => (await network()).inports.go, 'writable'),
  'NetworkOutport.traced': on(async () => (await network()).outports.end, 'traced'),
  'new JournalEngine': make(JournalEngine, 'missing/state'),
  'JournalEngine.flush': on(journal, 'flush'),
  'JournalEngine.lastId': on(journal, 'lastId', 'go'),
  'new NatsEngine': make(NatsEngine, connection, {}),
  'NatsEngine.flush': on(nats, 'flush'),
  'NatsEngine.lastId': on(nats, 'lastId', 'go'),
  loadPlugin: call(loadPlugin, childLoader, WASM, LOADED),
  'LoadedPlugin.call': on(loadedPlugin, 'call', 'nothing', ''),
  'LoadedPlugin.close': on(() => loadPlugin(childLoader, WASM, LOADED), 'close'),
  durableNetwork: {
    run: (given, ...rest) => call(durableNetwork).run(given === CLASS ? class {} : given, ...rest),
    args: [CLASS, GRAPH, {}],
  },
  'DurableNetwork.call': on(durable, 'call', { go: { type: 'Flow' } }),
  'DurableNetwork.accept': on(durable, 'accept', { go: { type: 'Flow' } }, 'an id'),
  'DurableNetwork.deliver': on(durable, 'deliver', 'source', [[1, '{"go":{"type":"Flow"}}']]),
  'DurableNetwork.read': on(durable, 'read', 'end', 0, 1),
  'DurableNetwork.status': on(durable, 'status'),
  'DurableNetwork.deadLetters': on(durable, 'deadLetters', 0),
  'DurableNetwork.alarm': on(durable, 'alarm'),
  'LastingEngine.flush': on(journal, 'flush'),
  'LastingEngine.lastId': on(journal, 'lastId', 'go'),
  'NetworkOutport.readable': on(async () => (await network()).outports.end, 'readable'),
  toMermaid: call(toMermaid, PLAN),
  toDot: call(toDot, PLAN),
  readJson: call(readJson, '1', {}),
  writeJson: call(writeJson, 1),
  readPacket: call(readPacket, '{}'),
  writePacket: call(writePacket, PACKET),
  'new Float': make(Float, 1),
  'Float.valueOf': on(() => new Float(1), 'valueOf'),
  'Float.toString': on(() => new Float(1), 'toString'),
  ...Object.fromEntries(
    Object.entries({
      flow: [],
      event: [1],
      boolean: [true],
      integer: [1],
      float: [1.5],
      string: ['a'],
      object: [{}],
      array: [[]],
      stream: [Uint8Array.of(1)],
      optional: [1],
      any: [1],
      error: ['a'],
      encoded: [Uint8Array.of(1)],
      remoteReference: [{ network_id: 'a', actor_id: 'b', port: 'c' }],
      networkEvent: [{ event_type: 'ActorStarted', data: {} }],
      is: [{ type: 'Flow' }, 'Flow'],
      from: [1],
      toPlain: [{ type: 'Flow' }],
    }).map(([name, args]) => [`Message.${name}`, on(() => Message, name, ...args)]),
  ),
  reportOf: call(reportOf, WASM),
  builtModule: {
    run: (module, ...rest) => (builtModule as Any)(module === MODULE ? compiled() : module, ...rest),
    args: [MODULE, FACTS],
  },
  readPolicy: call(readPolicy, POLICY),
  compareGrants: call(compareGrants, POLICY, POLICY),
  signPolicy: {
    run: async (policy, options, ...more) => {
      const own = options === SIGNING ? { key: (await signingKey()).privateKey } : options;
      return (signPolicy as Any)(policy, own, ...more);
    },
    args: [POLICY, SIGNING],
  },
  verifyPolicy: call(verifyPolicy, GOOD.p256, { verify: () => true, now: () => 0 }),
  compareReports: call(compareReports, REPORT, REPORT),
  smallestManifest: call(smallestManifest, REPORT, {}),
  toHtml: call(toHtml, REPORT, { title: 'plugin.wasm' }),
  toSarif: call(toSarif, REPORT, { path: 'plugin.wasm' }),
  lintTrace: call(lintTrace, EVENTS),
  createTrace: call(createTrace, { onEvent: () => {} }),
  formatTraceEvent: call(formatTraceEvent, { type: 'cut', plugin: 1, atMs: 0, maxEvents: 1 }, 'text'),
  secret: call(secret, 'text'),
  createRecorder: call(createRecorder, {}),
  'Recorder.recordings': on(() => createRecorder(), 'recordings'),
  replay: call(replay, RECORDED, {}),
  emitTest: call(emitTest, RECORDED, {}),
  describePlugin: call(describePlugin, WASM, {}),
  printDeclaration: call(printDeclaration, TYPES, {}),
  printModule: call(printModule, TYPES, { source: 'x', gives: 'bytes', sha256: '' }),
  plugboard: call(plugboard, {}),
  encode: call(encode, 1),
  decode: call(decode, Uint8Array.of(1)),
  accessorBytes: call(accessorBytes, 'own'),
  compileAccessors: call(compileAccessors, 'own'),
  createSharedBacking: call(createSharedBacking),
  kernelImports: call(kernelImports, kernel(), {}),
  'new Kernel': make(Kernel, { maxVarBytes: 0 }),
  'Kernel.begin': on(kernel, 'begin', 'input'),
  'Kernel.place': on(kernel, 'place', 'text'),
  'new KernelMemory': make(KernelMemory, {}),
  'new Vars': make(Vars, 5),
  'Vars.get': on(vars, 'get', 'name'),
  'Vars.set': on(vars, 'set', 'name', 'value'),
  'Vars.delete': on(vars, 'delete', 'name'),
  'Vars.clear': on(vars, 'clear'),
  'Vars.snapshot': on(vars, 'snapshot'),
  'new MemoryLink': make(MemoryLink, 'target'),
  'new MemoryFs': make(MemoryFs, {}, {}),
  'MemoryFs.snapshot': on(() => new MemoryFs(), 'snapshot'),
  'MemoryFs.changes': on(() => new MemoryFs(), 'changes'),
  readOnlyFs: call(readOnlyFs, files),
  createWasi: call(createWasi, {}),
  'Wasi.bind': on(wasi, 'bind', new WebAssembly.Memory({ initial: 1 })),
  'Wasi.start': on(wasi, 'start', {
    exports: { _start: () => {}, memory: new WebAssembly.Memory({ initial: 1 }) },
  }),
  'Wasi.initialize': on(wasi, 'initialize', { exports: { memory: new WebAssembly.Memory({ initial: 1 }) } }),
  'Wasi.getImportObject': on(wasi, 'getImportObject', undefined),
  'Wasi.close': on(wasi, 'close'),
  coarseClock: call(coarseClock, webClock(), 1n),
  bytesSource: call(bytesSource, new Uint8Array(0)),
  'new LineSink': make(LineSink, {}),
  'LineSink.write': on(lines, 'write', Uint8Array.of(10)),
  'LineSink.flush': on(lines, 'flush'),
  'LineSink.clear': on(lines, 'clear'),
  webClock: call(webClock),
  webRandom: call(webRandom),
  traceImports: call(traceImports, wasi().imports, () => {}),
  descriptorFs: call(descriptorFs, {}),
  preview2Preopens: call(preview2Preopens, emptyFolder),
};
