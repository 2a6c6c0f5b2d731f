// A user's program that touches the public API. It is compiled against the packed package, with the library "dom" and
// with or without @types/node, and never run.
import newestPlugin, {
  type CallContext,
  CallError,
  CreateError,
  createPlugin,
  type Diagnostic,
  ERROR_CODES,
  inspect,
  LIMITS,
  type Manifest,
  newPlugin,
  PlugboardError,
  type Plugin,
  type PluginOptions,
  type PluginOutput,
} from 'plugboard';
import { compileAccessors, ENV_FUNCTIONS, type EnvImports, Kernel, kernelImports } from 'plugboard/abi';
import {
  ActorError,
  Float,
  type JsonObject,
  MemoryState,
  Message,
  type Packet,
  readJson,
  ScriptActor,
  ScriptEnvironment,
  ScriptRuntime,
  type StateStore,
  writeJson,
} from 'plugboard/actor';
import { createWasi, LineSink, type WasiOptions, webClock, webRandom } from 'plugboard/wasi';
import { type Preview2Preopens, preview2Preopens } from 'plugboard/wasi/preview2';

const diagnostics: Diagnostic[] = [];
const options: PluginOptions = {
  config: { vowels: 'aeiou' },
  useWasi: true,
  logLevel: 'debug',
  logger: console,
  memory: { maxPages: 4, maxVarBytes: LIMITS.varBytes.default },
  onDiagnostic: diagnostic => diagnostics.push(diagnostic),
  functions: {
    'extism:host/user': {
      shout: (context: CallContext, text: bigint) => context.store(context.read(text)?.text() ?? ''),
    },
  },
};
const manifest: Manifest = { wasm: [{ url: 'https://localhost/plugin.wasm', hash: '00' }], config: {} };

export async function callPlugin(bytes: Uint8Array, module: WebAssembly.Module): Promise<string> {
  const plugins: Plugin[] = [
    await createPlugin(manifest, options),
    await newPlugin(bytes),
    await newestPlugin(fetch('plugin.wasm')),
    await createPlugin(module, { kernel: 'accessors', accessors: module }),
  ];
  try {
    const output: PluginOutput | null | undefined = await plugins[0]?.call('echo', 'hello');
    const value: unknown = output?.json();
    const exported: WebAssembly.ModuleExportDescriptor[] = (await plugins[0]?.getExports()) ?? [];
    return `${output?.text()} ${value} ${exported.length} ${JSON.stringify(await inspect(bytes))}`;
  } catch (error) {
    if (error instanceof CallError || error instanceof CreateError) return error.message;
    if (error instanceof PlugboardError)
      return ERROR_CODES.find(({ code }) => code === error.code)?.remedy ?? '';
    throw error;
  } finally {
    for (const plugin of plugins) await plugin.close();
  }
}

export async function runActor(source: Uint8Array): Promise<JsonObject | undefined> {
  const state: StateStore = new MemoryState();
  const actor = await ScriptActor.create(
    { runtime: ScriptRuntime.Extism, environment: ScriptEnvironment.SYSTEM, source, entry_point: 'process' },
    { config: { initial_value: 10, rate: new Float(1) }, state },
  );
  try {
    const packets: Packet[] = await actor.process({ increment: Message.flow() });
    for await (const packet of actor.outports) packets.push(packet);
    return readJson(writeJson({ packets: packets.length })) as JsonObject;
  } catch (error) {
    if (error instanceof ActorError) return { code: error.code };
    throw error;
  } finally {
    await actor.stop();
  }
}

// Further imports that programs of the official JS SDK have.
import {
  CAPABILITIES,
  type Capabilities,
  type CurrentPlugin,
  type ExtismPluginOptions,
  type LogLevel,
  type ManifestLike,
  type ManifestWasm,
  type ManifestWasmData,
  type ManifestWasmModule,
  type ManifestWasmPath,
  type ManifestWasmResponse,
  type ManifestWasmUrl,
  type MemoryOptions,
  type PluginConfig,
  type PluginConfigLike,
} from 'plugboard';

const capabilities: Capabilities = CAPABILITIES;
const logLevel: LogLevel = 'trace';
const config: PluginConfig & PluginConfigLike = { vowels: 'aeiou' };
const memory: MemoryOptions = { maxPages: 4 };
const sdkOptions: ExtismPluginOptions = {
  useWasi: capabilities.supportsWasiPreview1,
  runInWorker: capabilities.hasWorkerCapability,
  functions: { env: { print: (current: CurrentPlugin, text: bigint) => current.length(text) } },
  ...{ logLevel, config, memory },
};
type Sources =
  | ManifestWasmData
  | ManifestWasmPath
  | ManifestWasmUrl
  | ManifestWasmResponse
  | ManifestWasmModule;

export async function callLikeSdk(source: Sources): Promise<string | undefined> {
  const wasm: ManifestWasm = { ...source, name: 'main', hash: '00' };
  const like: ManifestLike = { wasm: [wasm] };
  const plugin = await createPlugin(like, sdkOptions);
  const output = await plugin.call<{ user: string }>('echo', 'hello', { user: 'me' });
  return output?.text();
}

export const withFolders = (given: Preview2Preopens): WasiOptions => ({ preopens: preview2Preopens(given) });

export function startKernel(bytes: BufferSource): number {
  const kernel = new Kernel({ maxVarBytes: 0 });
  const accessors = compileAccessors() ?? undefined;
  const { imports }: { imports: EnvImports } = kernelImports(kernel, { accessors });
  const wasiOptions: WasiOptions = { clock: webClock(), random: webRandom(), stdout: new LineSink() };
  const wasi = createWasi(wasiOptions);
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, {
    'extism:host/env': imports,
    wasi_snapshot_preview1: wasi.imports,
  });
  return ENV_FUNCTIONS.length + Object.keys(exports).length;
}

import { plugboard as esbuildPlugin } from 'plugboard/esbuild';
import { describePlugin, type PluginTypes, printDeclaration, printModule } from 'plugboard/types';
import vitePlugin from 'plugboard/vite';

export function printTypes(bytes: Uint8Array): string {
  const types: PluginTypes = describePlugin(bytes, { schema: 'version: v0\nexports: []' });
  const tools = [
    esbuildPlugin({ dts: false }),
    vitePlugin({ lock: ({ path, sha256 }) => console.log(path, sha256) }),
  ];
  const module = printModule(types, { source: 'bytes', gives: 'bytes', sha256: '' });
  return printDeclaration(types) + module + tools.map(({ name }) => name).join();
}
