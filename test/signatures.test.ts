import { readJson } from '../src/actor/node.ts';
import { encode } from '../src/msgpack/index.ts';
import { nodeFolder } from '../src/node.ts';
import { bytesSource } from '../wasi/index.ts';
import { equal, is, raises } from './helpers/assert.ts';
import { host, readText } from './helpers/host.ts';
import { type Callable, callablesOf } from './helpers/signatures.ts';
import { suite } from './helpers/suite.ts';
import { TAKERS } from './option-tables.ts';
import { ENTRIES, PUBLIC_CALLS, WRITTEN_BY_CALLERS } from './public-calls.ts';

/** Types of parameters that are options objects, each read by a table: see TAKERS. */
const OPTIONS = [
  ...[
    'PluginOptions',
    'CallOptions',
    'ResetOptions',
    'PoolOptions',
    'UseOptions',
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
  ...['SignatureOptions', 'SigningKey', 'BuiltFacts'],
  ...['HtmlOptions', 'SarifOptions', 'SmallestManifestOptions', 'TraceOptions'],
  ...['RecorderOptions', 'ReplayOptions', 'EmitTestOptions'],
  ...['PluginFacts', 'DeclarationOptions', 'ModuleOptions', 'BuildOptions', 'PlanOptions', 'NetworkOptions'],
  ...['NetworkSendOptions', 'SubscribeOptions', 'NatsEngineOptions', 'DurableNetworkOptions'],
  'LoadedPluginOptions',
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
  'type parameters': ['T', 'B', 'Params', 'Result', 'Type'],
  'unions of strings': [
    'PlugboardErrorCode',
    'CreateErrorCode',
    'CallErrorCode',
    'ActorErrorCode',
    'NetworkErrorCode',
    'ModuleErrorCode',
    'ModuleErrorKind',
    'WasiErrorCode',
    'AbiErrorCode',
    'MemoryKind',
    'TraceFormat',
  ],
  'data, or where it is': [
    ...[
      'PluginInput',
      'Packet',
      'Message',
      'JsonValue',
      'JsonObject',
      'StateMap',
      'ActorState',
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
      'TraceEvent',
      'GivenTrace',
      'TraceFinding',
      'PrintedLines',
      'PluginTypes',
      'PolicyDenial',
      'AuditReport',
      'CallError',
      'Part',
      'GraphInput',
      'Plan',
      'NatsConnection',
      'DeliveryItem',
    ],
  ],
  'read by a table of their own, as taken by no function alone': [
    'ManifestLike',
    'PolicyEnvelope',
    'PolicyFile',
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
      'NetworkListener',
      'SendHttp',
      'Preview2Descriptor',
      'Preview2Preopens',
      'WorkerLoader',
      'PluginSource',
    ],
  ],
  'made by plugboard': [
    'ActorModule',
    'CallContext',
    'CompiledPlugin',
    'DeadLetter',
    'Kernel',
    'Plugin',
    'SharedBacking',
    'WasiImports',
  ],
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
  [/^(new \w+(Error|Exit)|\w+Error\.\[Symbol\.hasInstance\])$/, 'errors are made by plugboard'],
  [/^(MemoryState|FileState)\.(load|commit|snapshot)$/, 'called by actors, as methods of a StateStore'],
  [/^(default|newPlugin)$/, 'other names of createPlugin'],
  [
    /^(Plugin\.(isActive|initialise|callLater|notFound)|ExtismEngine\.(stateRoom|run))$/,
    'called by plugboard itself, one of them in every step of a call',
  ],
  [
    /^(accessorBytes|compileAccessors|createSharedBacking|new Vars|\w+HttpRequest|errnoName|isPointer|hasTooManyValues|tooLongMessage)$/,
    'parts of a host',
  ],
  [/^new MemoryLink$/, 'a value'],
  [/^DurableNetwork\.alarm$/, 'called by the platform, with an object'],
];

const isLenient = (name: string) => LENIENT.some(([names]) => names.test(name));

/** Lets each function get an object after its last parameter. */
const REFUSING = Object.entries(PUBLIC_CALLS).filter(([name]) => !isLenient(name));
const extra = { readOnly: true };

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
  const callables = ENTRIES.flatMap(entry => callablesOf(`dist/types/${entry}.d.ts`, WRITTEN_BY_CALLERS));

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
    const names = callables.map(({ name }) => name);
    equal(
      names.filter(name => !Object.hasOwn(PUBLIC_CALLS, name) && !isLenient(name)),
      [],
    );
    equal(
      LENIENT.filter(([pattern]) => !names.some(name => pattern.test(name))),
      [],
    );
  });

  for (const [name, { run, args }] of REFUSING) {
    test(`${name} refuses an object after its last parameter`, async () => {
      const { code } = await raises(() => run(...args, extra), {
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

  for (const file of ['options.ts', 'brands.ts'])
    test(`abi/${file} and wasi/${file} are equal`, () => {
      is(readText(`abi/${file}`) === readText(`wasi/${file}`), true);
    });

  test('a new signature, a new type and an inline type are noticed', () => {
    const found = callablesOf('dist/types/test/helpers/signatures.d.ts', []);
    equal(
      found.map(({ name }) => name),
      ['callablesOf', 'placesOf', 'statementsOf', 'ownersOf'],
    );
    equal(found[0]!.params, ['string', 'readonly string[]']);
    equal(typesIn('{ a?: string; }'), ['{', 'string']);
    equal(typesIn("Omit<LoadOptions, 'entryPoint'>"), ['Omit', 'LoadOptions']);
  });
});
