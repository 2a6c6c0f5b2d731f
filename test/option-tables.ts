import { KERNEL_IMPORT_OPTIONS, kernelImports } from '../abi/imports.ts';
import { KERNEL_OPTIONS, Kernel } from '../abi/kernel.ts';
import { KernelMemory } from '../abi/memory.ts';
import { KERNEL_MEMORY_OPTIONS } from '../abi/memory-options.ts';
import { ACTOR_OPTIONS } from '../src/actor/actor-settings.ts';
import { SEND_OPTIONS, STOP_OPTIONS } from '../src/actor/call-options.ts';
import { ACTOR_CONFIG_KEYS, NODE_OPTIONS } from '../src/actor/config/actor-config.ts';
import { SCRIPT_CONFIG_KEYS } from '../src/actor/config/script-config.ts';
import { ENGINE_CALL } from '../src/actor/engine/engine-call.ts';
import { ENGINE_OPTIONS } from '../src/actor/engine/engine-options.ts';
import { PAYLOAD_OPTIONS } from '../src/actor/engine/input.ts';
import {
  ActorConfig,
  ExtismEngine,
  Message,
  ModuleLoader,
  readJson,
  readPacket,
  ScriptActor,
  writePayload,
} from '../src/actor/index.ts';
import { READ_JSON_OPTIONS } from '../src/actor/json/reader.ts';
import { LIMIT_OPTIONS } from '../src/actor/limits.ts';
import { LOAD_OPTIONS, LOADER_OPTIONS, RELOAD_OPTIONS } from '../src/actor/module-loader.ts';
import { FILE_STATE_OPTIONS, readFileStateOptions } from '../src/actor/state/file-state-options.ts';
import { BUILT_FACTS, PREPARATION_KEYS } from '../src/audit/built-module.ts';
import { HTML_OPTIONS, toHtml } from '../src/audit/html.ts';
import {
  builtModule,
  type PolicyFile,
  readPolicy,
  replay,
  signPolicy,
  verifyPolicy,
} from '../src/audit/node.ts';
import { SIGNING_OPTIONS } from '../src/audit/policy-api.ts';
import { GRANT_KEYS, PLUGIN_KEYS, POLICY_KEYS, POLICY_LIMITS } from '../src/audit/policy-file.ts';
import { POLICY_OPTIONS, SIGNATURE_OPTIONS } from '../src/audit/policy-options.ts';
import type { AuditReport } from '../src/audit/report.ts';
import { SARIF_OPTIONS, toSarif } from '../src/audit/sarif.ts';
import { ENVELOPE_KEYS } from '../src/audit/signature.ts';
import { SMALLEST_MANIFEST_OPTIONS, smallestManifest } from '../src/audit/smallest-manifest.ts';
import { BUILD_OPTIONS, readBuildOptions } from '../src/build/options.ts';
import { BUDGET_OPTIONS } from '../src/given/budgets.ts';
import { CALL_OPTIONS, RESET_OPTIONS } from '../src/given/call-options.ts';
import { MANIFEST_KEYS, MANIFEST_WASM_KEYS } from '../src/given/manifest.ts';
import { MEMORY_OPTIONS, PLUGIN_OPTIONS, WORKER_OPTIONS } from '../src/given/option-keys.ts';
import { SIGNATURE_KEYS } from '../src/host/typed.ts';
import { COMPONENT_GRAPH, COMPONENT_MODULE } from '../src/network/component.ts';
import { durableNetwork } from '../src/network/durable-object/index.ts';
import { DURABLE_OPTIONS, FORWARD } from '../src/network/durable-object/options.ts';
import { Network } from '../src/network/index.ts';
import { NatsEngine } from '../src/network/nats/index.ts';
import { NATS_OPTIONS } from '../src/network/nats/nats-options.ts';
import { NETWORK_OPTIONS, SUBSCRIBE_OPTIONS } from '../src/network/network-options.ts';
import { PLAN_OPTIONS } from '../src/network/plan/make-plan.ts';
import { NETWORK_SEND_OPTIONS } from '../src/network/traceparent.ts';
import { compilePlugin, createPlugin, hostFunction, type Plugin } from '../src/node.ts';
import { PluginPool } from '../src/pool/index.ts';
import { POOL_OPTIONS, USE_OPTIONS } from '../src/pool/options.ts';
import { EMIT_TEST_OPTIONS, emitTest } from '../src/replay/emit-test.ts';
import { RECORDER_OPTIONS, REPLAY_OPTIONS } from '../src/replay/options.ts';
import { createRecorder } from '../src/replay/recorder.ts';
import { TRACE_OPTIONS } from '../src/trace/options.ts';
import { createTrace } from '../src/trace/trace.ts';
import { describePlugin, PLUGIN_FACTS } from '../src/types/describe.ts';
import { DECLARATION_OPTIONS, printDeclaration } from '../src/types/print-declaration.ts';
import { MODULE_OPTIONS, printModule } from '../src/types/print-module.ts';
import { loadPlugin } from '../src/worker-loader/index.ts';
import { LOADED_LIMITS, LOADED_OPTIONS } from '../src/worker-loader/options.ts';
import { MEMORY_FS_OPTIONS } from '../wasi/files/memory-fs.ts';
import { createWasi, LineSink, MemoryFs } from '../wasi/index.ts';
import type { OptionRow } from '../wasi/options.ts';
import { LINE_SINK_OPTIONS } from '../wasi/provided/sinks.ts';
import { PREOPEN_OPTIONS, WASI_OPTIONS } from '../wasi/wasi-options.ts';
import { answering, METADATA, RESULT } from './actor/answering.ts';
import { GOOD } from './audit/signed-policies.ts';
import { buildModule } from './helpers/build-module.ts';
import { FakeNats } from './network/fake-nats.ts';
import { RECORDED } from './replay/example.ts';
import { FakeLoader } from './worker-loader/fake-loader.ts';

/** The table of an options object. */
export interface Table {
  readonly of: string;
  readonly rows: Readonly<Record<string, OptionRow>>;
  readonly hints?: Readonly<Record<string, string>>;
}

/** A way to pass an options object to the function that reads it. */
export interface Taker {
  table: Table;
  /** As test/helpers/signatures.ts names the function; null for an object inside other options. */
  callable: string | null;
  /** The function, where a table has several takers. */
  by?: string;
  /** May throw or reject. */
  // `never`, since the options are wrong on purpose.
  give(options: never): unknown;
  /** Keys that must be given. */
  base?: object;
}

/** A report on nothing. */
export const REPORT: AuditReport = {
  version: 1,
  modules: [],
  capabilities: [],
  exports: [],
  hints: [],
  findings: [],
  advice: [],
  unknown: [],
};
const WASM = buildModule({ functions: [{ name: 'nothing', body: [] }] });
export const ACTOR = answering({ process: RESULT, get_metadata: METADATA });
const source = { source: ACTOR };
const POLICY: PolicyFile = { version: 1, plugins: [] };
/** Makes the value at the first call. */
export const once = <T>(make: () => T): (() => T) => {
  let made: { it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
};
export const FACTS = { sha256: '0'.repeat(64), fileSha256: '0'.repeat(64) };
export const compiled = once(() => new WebAssembly.Module(WASM));
export const plugin = once<Promise<Plugin>>(() => createPlugin(WASM));
export const compiledPlugin = once(() => compilePlugin(WASM));
export const newPool = async () => new PluginPool(await compiledPlugin());
export const pool = once(newPool);
export const actor = once(() => ScriptActor.create(source));
export const engine = once(() => ExtismEngine.create(source));
export const loader = once(async () => {
  const made = new ModuleLoader();
  await made.load('a', ACTOR);
  return made;
});
export const kernel = once(() => new Kernel({ maxVarBytes: 0 }));

export const childLoader = new FakeLoader();
export const LOADED = {
  tenant: 'a tenant',
  // Of WASM.
  sha256: '3f006a9eb3944bd0fe816b6f03ddfa27c124933783eebd62cff05e8919755758',
  limits: { fuel: 1000 },
};
export const loadedPlugin = once(() => loadPlugin(childLoader, WASM, LOADED));

const ONE_NODE = {
  properties: { name: 'n' },
  processes: { a: { component: 'X' } },
  inports: { go: { nodeId: 'a', portId: 'p' } },
  outports: { end: { nodeId: 'a', portId: 'p' } },
};
export const newNetwork = () => Network.create(ONE_NODE, { components: { X: () => {} } });
export const network = once(newNetwork);

/** Every options object that a public function takes. */
export const TAKERS: readonly Taker[] = [
  { table: PLUGIN_OPTIONS, callable: 'createPlugin', give: options => createPlugin(WASM, options) },
  {
    table: PLUGIN_OPTIONS,
    callable: 'compilePlugin',
    by: 'compilePlugin',
    give: options => compilePlugin(WASM, options),
  },
  {
    table: PLUGIN_OPTIONS,
    callable: 'CompiledPlugin.instantiate',
    by: 'CompiledPlugin.instantiate',
    give: async options => (await compiledPlugin()).instantiate(options),
  },
  {
    table: POOL_OPTIONS,
    callable: 'new PluginPool',
    give: async options => new PluginPool(await compiledPlugin(), options),
  },
  {
    table: USE_OPTIONS,
    callable: 'PluginPool.use',
    give: async options => (await pool()).use('key', () => {}, options),
  },
  {
    table: USE_OPTIONS,
    callable: 'PluginPool.call',
    by: 'PluginPool.call',
    give: async options => (await pool()).call('key', 'nothing', '', null, options),
  },
  { table: MEMORY_OPTIONS, callable: null, give: memory => createPlugin(WASM, { memory }) },
  { table: BUDGET_OPTIONS, callable: null, give: limits => createPlugin(WASM, { limits }) },
  { table: WORKER_OPTIONS, callable: null, give: workers => createPlugin(WASM, { workers }) },
  {
    table: MANIFEST_KEYS,
    callable: null,
    give: manifest => createPlugin(manifest),
    base: { wasm: [{ data: WASM }] },
  },
  {
    table: MANIFEST_WASM_KEYS,
    callable: null,
    give: (item: never) => createPlugin({ wasm: [item] }),
    base: { data: WASM },
  },
  {
    table: PREOPEN_OPTIONS,
    callable: null,
    give: (folder: never) => createPlugin(WASM, { preopens: { '/': folder } }),
    base: { fs: new MemoryFs() },
  },
  {
    table: CALL_OPTIONS,
    callable: 'Plugin.call',
    give: async options => (await plugin()).call('nothing', '', null, options),
  },
  { table: RESET_OPTIONS, callable: 'Plugin.reset', give: async options => (await plugin()).reset(options) },
  { table: SIGNATURE_KEYS, callable: 'hostFunction', give: signature => hostFunction(signature, () => {}) },
  { table: SCRIPT_CONFIG_KEYS, callable: null, give: config => ScriptActor.create(config), base: source },
  {
    table: ACTOR_OPTIONS,
    callable: 'ScriptActor.create',
    give: options => ScriptActor.create(source, options),
  },
  {
    table: ACTOR_CONFIG_KEYS,
    callable: null,
    give: actorConfig => ScriptActor.create(source, { actorConfig }),
  },
  { table: LIMIT_OPTIONS, callable: null, give: limits => ScriptActor.create(source, { limits }) },
  {
    table: SEND_OPTIONS,
    callable: 'ScriptActor.process',
    give: async options => (await actor()).process({}, options),
  },
  {
    table: SEND_OPTIONS,
    callable: 'ScriptActor.step',
    by: 'ScriptActor.step',
    give: async options => (await actor()).step(new Map(), {}, options),
  },
  {
    table: SEND_OPTIONS,
    callable: 'Inports.send',
    by: 'Inports.send',
    give: async options => (await actor()).inports.send({}, options),
  },
  {
    table: FILE_STATE_OPTIONS,
    // FileState.open reads its options by this function, but exists only on runtimes with files.
    callable: 'FileState.open',
    give: options => readFileStateOptions(options),
  },
  { table: STOP_OPTIONS, callable: 'ScriptActor.stop', give: async options => (await actor()).stop(options) },
  {
    table: ENGINE_OPTIONS,
    callable: 'ExtismEngine.create',
    give: options => ExtismEngine.create(source, options),
  },
  {
    table: ENGINE_CALL,
    callable: 'ExtismEngine.process',
    give: async call => (await engine()).process(call),
    base: { payload: '{}', config: '{}', state: new Map(), packets: [] },
  },
  { table: LOADER_OPTIONS, callable: 'new ModuleLoader', give: options => new ModuleLoader(options) },
  {
    table: LOAD_OPTIONS,
    callable: 'ModuleLoader.load',
    give: async options => (await loader()).load('b', ACTOR, options),
  },
  {
    table: RELOAD_OPTIONS,
    callable: 'ModuleLoader.reload',
    give: async options => (await loader()).reload('a', ACTOR, options),
  },
  {
    table: ACTOR_OPTIONS,
    callable: 'ModuleLoader.createActor',
    by: 'ModuleLoader.createActor',
    give: async options => (await loader()).createActor('a', options),
  },
  {
    table: NODE_OPTIONS,
    callable: 'ActorConfig.fromNode',
    give: options => ActorConfig.fromNode({ id: 'n', component: 'c' }, options),
  },
  { table: READ_JSON_OPTIONS, callable: 'readJson', give: options => readJson('1', options) },
  {
    table: READ_JSON_OPTIONS,
    callable: 'readPacket',
    by: 'readPacket',
    give: options => readPacket('{}', undefined, options),
  },
  { table: PAYLOAD_OPTIONS, callable: 'writePayload', give: options => writePayload({}, options) },
  {
    table: NETWORK_OPTIONS,
    callable: 'Network.create',
    give: options => Network.create({ properties: { name: 'n' } }, options),
  },
  {
    table: NATS_OPTIONS,
    callable: 'new NatsEngine',
    give: options => new NatsEngine(new FakeNats().connect(), options),
  },
  {
    table: LOADED_OPTIONS,
    callable: 'loadPlugin',
    give: options => loadPlugin(childLoader, WASM, options),
    base: LOADED,
  },
  {
    table: LOADED_LIMITS,
    callable: null,
    give: limits => loadPlugin(childLoader, WASM, { ...LOADED, limits }),
    base: LOADED.limits,
  },
  {
    table: DURABLE_OPTIONS,
    callable: 'durableNetwork',
    give: options => durableNetwork(class {}, { properties: { name: 'n' } }, options),
  },
  {
    table: FORWARD,
    callable: null,
    give: way => durableNetwork(class {}, { properties: { name: 'n' } }, { forward: { end: way } }),
    base: { binding: 'B', port: 'p' },
  },
  {
    table: COMPONENT_MODULE,
    callable: null,
    give: component => Network.create(ONE_NODE, { components: { X: component } }),
    base: source,
  },
  {
    table: COMPONENT_GRAPH,
    callable: null,
    give: component => Network.create(ONE_NODE, { components: { X: component } }),
    base: { graph: { properties: { name: 'inner' } } },
  },
  {
    table: NETWORK_SEND_OPTIONS,
    callable: 'Network.call',
    give: async options => (await network()).call({}, options),
  },
  {
    table: NETWORK_SEND_OPTIONS,
    callable: 'NetworkInport.send',
    by: 'NetworkInport.send',
    give: async options => (await network()).inports.go!.send(Message.flow(), options),
  },
  {
    table: SUBSCRIBE_OPTIONS,
    callable: 'Network.subscribe',
    give: async options => (await network()).subscribe(() => {}, options),
  },
  {
    table: STOP_OPTIONS,
    callable: 'Network.stop',
    by: 'Network.stop',
    give: async options => (await newNetwork()).stop(options),
  },
  {
    table: PLAN_OPTIONS,
    callable: 'Network.plan',
    give: options => Network.plan({ properties: { name: 'n' } }, options),
  },
  { table: WASI_OPTIONS, callable: 'createWasi', give: options => createWasi(options) },
  {
    table: PREOPEN_OPTIONS,
    callable: null,
    by: 'createWasi',
    give: (folder: never) => createWasi({ preopens: { '/': folder } }),
    base: { fs: new MemoryFs() },
  },
  { table: LINE_SINK_OPTIONS, callable: 'new LineSink', give: options => new LineSink(options) },
  { table: MEMORY_FS_OPTIONS, callable: 'new MemoryFs', give: options => new MemoryFs({}, options) },
  {
    table: KERNEL_OPTIONS,
    callable: 'new Kernel',
    give: options => new Kernel(options),
    base: { maxVarBytes: 0 },
  },
  { table: KERNEL_MEMORY_OPTIONS, callable: 'new KernelMemory', give: options => new KernelMemory(options) },
  {
    table: KERNEL_IMPORT_OPTIONS,
    callable: 'kernelImports',
    give: options => kernelImports(kernel(), options),
  },
  {
    table: PLUGIN_FACTS,
    callable: 'describePlugin',
    give: facts => describePlugin(WASM, facts),
  },
  {
    table: DECLARATION_OPTIONS,
    callable: 'printDeclaration',
    give: options => printDeclaration(describePlugin(WASM), options),
  },
  {
    table: MODULE_OPTIONS,
    callable: 'printModule',
    give: options => printModule(describePlugin(WASM), options),
    base: { source: 'bytes', gives: 'bytes', sha256: '' },
  },
  {
    table: POLICY_OPTIONS,
    callable: null,
    give: policy => createPlugin(WASM, { policy }),
    base: { source: POLICY },
  },
  { table: BUILT_FACTS, callable: 'builtModule', give: facts => builtModule(compiled(), facts), base: FACTS },
  {
    table: PREPARATION_KEYS,
    callable: null,
    give: (prepared: never) => builtModule(compiled(), { ...FACTS, prepared }),
    base: { hasChecks: false, initialPages: 0, growthPages: null },
  },
  { table: POLICY_KEYS, callable: null, give: policy => readPolicy(policy), base: POLICY },
  {
    table: PLUGIN_KEYS,
    callable: null,
    give: (entry: never) => readPolicy({ ...POLICY, plugins: [entry] }),
    base: { name: 'a', grants: [] },
  },
  {
    table: GRANT_KEYS,
    callable: null,
    give: (grant: never) => readPolicy({ ...POLICY, plugins: [{ name: 'a', grants: [grant] }] }),
    base: { reason: 'r' },
  },
  {
    table: POLICY_LIMITS,
    callable: null,
    give: (limits: never) => readPolicy({ ...POLICY, plugins: [{ name: 'a', grants: [], limits }] }),
  },
  {
    table: SIGNATURE_OPTIONS,
    callable: 'verifyPolicy',
    give: options => verifyPolicy(GOOD.p256, options),
    base: { verify: () => true },
  },
  {
    table: SIGNING_OPTIONS,
    callable: 'signPolicy',
    give: options => signPolicy(POLICY, options),
    base: { key: { [Symbol.toStringTag]: 'CryptoKey', usages: ['sign'] } },
  },
  {
    table: ENVELOPE_KEYS,
    callable: null,
    give: envelope => verifyPolicy(envelope, { verify: () => true }),
    base: GOOD.p256,
  },
  {
    table: HTML_OPTIONS,
    callable: 'toHtml',
    give: options => toHtml(REPORT, options),
    base: { title: 'plugin.wasm' },
  },
  {
    table: SARIF_OPTIONS,
    callable: 'toSarif',
    give: options => toSarif(REPORT, options),
    base: { path: 'plugin.wasm' },
  },
  {
    table: TRACE_OPTIONS,
    callable: 'createTrace',
    give: options => createTrace(options as never),
    base: { onEvent: () => {} },
  },
  { table: RECORDER_OPTIONS, callable: 'createRecorder', give: options => createRecorder(options) },
  { table: REPLAY_OPTIONS, callable: 'replay', give: options => replay(RECORDED, options) },
  { table: EMIT_TEST_OPTIONS, callable: 'emitTest', give: options => emitTest(RECORDED, options) },
  {
    table: SMALLEST_MANIFEST_OPTIONS,
    callable: 'smallestManifest',
    give: options => smallestManifest(REPORT, options),
  },
  // The plugins of build tools read their options by this function, but exist only where the tools run.
  { table: BUILD_OPTIONS, callable: 'plugboard', give: options => readBuildOptions(options) },
];

/** Each table once. */
export const TABLES: readonly Table[] = [...new Set(TAKERS.map(({ table }) => table))];

/** Each extended table with the table that it extends. */
const BASES: ReadonlyMap<Table, Table> = new Map<Table, Table>([
  [ENGINE_OPTIONS, PLUGIN_OPTIONS],
  [ACTOR_OPTIONS, ENGINE_OPTIONS],
  [LOADER_OPTIONS, ENGINE_OPTIONS],
  [KERNEL_OPTIONS, KERNEL_MEMORY_OPTIONS],
]);

/** The table that a table extends, if any. */
export const baseOf = (table: Table): Table | undefined => BASES.get(table);

/** The rows of a table that its base does not have. */
export const ownRows = (table: Table): [key: string, row: OptionRow][] =>
  Object.entries(table.rows).filter(([key]) => !Object.hasOwn(baseOf(table)?.rows ?? {}, key));

export const grantId = (table: Table, key: string): string => `${table.of}.${key}`;
