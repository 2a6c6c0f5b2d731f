import { scan } from './scan-source.ts';

interface Layer {
  name: string;
  /** Paths of files; ending in `/` all files below a folder, in `/*` only those directly in it. */
  files: readonly string[];
  /** Names of the layers below it, and the packages that it may import. It always may import itself. */
  mayImport: readonly string[];
  mayNameRuntimes?: true;
}

const wasiRooms = ['wasi spec', 'wasi ground', 'wasi provided', 'wasi files', 'wasi functions'];
const ground = [
  'abi',
  'wasi',
  ...wasiRooms,
  'errors',
  'engine',
  'limits',
  'units',
  'wasm',
  'platform types',
  'values',
];
/** The rooms of the host, each above those before it. */
const rooms = ['module', 'host', 'given', 'link', 'run', 'run in a worker', 'setup', 'plugin', 'create'];
/** The ground, and the rooms below the named one. */
const below = (room: string): string[] => [...ground, ...rooms.slice(0, rooms.indexOf(room))];
const faces = ['inspect', 'trace', 'replay', 'audit', 'faces'];
/** The rooms of the actor, each above those before it. */
const actorRooms = [
  'actor ground',
  'actor json',
  'actor message',
  'actor config',
  'actor state',
  'actor engine',
];
const outsideActor = [...ground, ...rooms, 'platform'];
const belowInActor = (room: string): string[] => [
  ...outsideActor,
  ...actorRooms.slice(0, actorRooms.indexOf(room)),
];
/** The rooms of networks, each above those before it. */
const networkRooms = ['network ground', 'network graph', 'network plan', 'network engine', 'network log'];
const belowInNetwork = (room: string): string[] => [
  ...outsideActor,
  'actor',
  ...actorRooms,
  ...networkRooms.slice(0, networkRooms.indexOf(room)),
];
const everything = [
  ...ground,
  ...rooms,
  'pool',
  'worker loader',
  ...faces,
  'platform',
  'platform of node',
  'actor',
  ...actorRooms,
  'actor on node',
  'network',
  ...networkRooms,
  'network on NATS',
  'network in Durable Objects',
  'network on node',
  'page',
  'page of a plugin',
  'msgpack',
  'types',
  'build',
  'conformance',
  'cli',
  'create',
];

/** The layers of the repository and their allowed imports. A file belongs to the first layer that names it. */
export const layers: readonly Layer[] = [
  { name: 'abi', files: ['abi/'], mayImport: [] },
  { name: 'wasi spec', files: ['wasi/spec/'], mayImport: [] },
  {
    name: 'wasi ground',
    files: [
      'errors',
      'brands',
      'embedder',
      'memory',
      'options',
      'result',
      'rights',
      'descriptors',
      'devices',
      'structs',
    ].map(name => `wasi/${name}.ts`),
    mayImport: ['wasi spec'],
  },
  { name: 'wasi provided', files: ['wasi/provided/'], mayImport: ['wasi spec', 'wasi ground'] },
  { name: 'wasi files', files: ['wasi/files/'], mayImport: ['wasi spec', 'wasi ground', 'wasi provided'] },
  {
    name: 'wasi functions',
    files: ['wasi/functions/'],
    mayImport: ['wasi spec', 'wasi ground', 'wasi files'],
  },
  { name: 'wasi', files: ['wasi/'], mayImport: wasiRooms },
  {
    name: 'errors',
    files: ['src/errors.ts', 'src/error-codes.ts', 'src/actor-error-codes.ts'],
    mayImport: ['abi', 'wasi ground'],
  },
  { name: 'limits', files: ['src/limits.ts', 'src/limit-rows.ts'], mayImport: [] },
  { name: 'units', files: ['src/units.ts'], mayImport: [] },
  { name: 'wasm', files: ['src/wasm/'], mayImport: ['abi', 'errors'] },
  {
    name: 'values',
    files: ['src/values/', 'src/call-error.ts'],
    mayImport: ['abi', 'wasi ground', 'errors', 'wasm'],
  },
  { name: 'platform types', files: ['src/platform/types.ts'], mayImport: ['wasi', ...wasiRooms] },
  { name: 'engine', files: ['src/engine/'], mayImport: ['abi'] },
  { name: 'module', files: ['src/module/'], mayImport: ground },
  { name: 'host', files: ['src/host/'], mayImport: ground },
  { name: 'given', files: ['src/given/'], mayImport: [...ground, 'module', 'host'] },
  { name: 'link', files: ['src/link/'], mayImport: below('link') },
  { name: 'run in a worker', files: ['src/run/worker/'], mayImport: below('run in a worker') },
  { name: 'run', files: ['src/run/'], mayImport: below('run') },
  { name: 'setup', files: ['src/setup.ts'], mayImport: below('setup') },
  { name: 'plugin', files: ['src/plugin.ts'], mayImport: below('plugin') },
  {
    name: 'create',
    files: ['src/create.ts', 'src/create/'],
    mayImport: [...below('create'), 'audit'],
  },
  {
    name: 'worker loader',
    files: ['src/worker-loader/'],
    mayImport: [...below('create'), 'create', 'platform'],
  },
  { name: 'pool', files: ['src/pool/'], mayImport: [...below('create'), 'create'] },
  {
    name: 'inspect',
    files: ['src/inspect/'],
    mayImport: ['abi', 'wasi', ...wasiRooms, 'errors', 'units', 'wasm', 'engine', 'link'],
  },
  {
    name: 'trace',
    files: ['src/trace/'],
    mayImport: [...ground, 'host', 'given', 'platform'],
  },
  {
    name: 'replay',
    files: ['src/replay/'],
    mayImport: [...below('create'), 'create', 'trace'],
  },
  {
    name: 'audit',
    files: ['src/audit/'],
    mayImport: [
      ...ground,
      'module',
      'host',
      'given',
      'link',
      'inspect',
      'trace',
      'replay',
      'platform',
      'platform of node',
    ],
  },
  {
    name: 'entries of workers',
    files: ['src/platform/worker-node.ts', 'src/platform/worker-web.ts'],
    mayImport: ['wasi', ...wasiRooms, 'run in a worker', 'platform types', 'platform', 'platform of node'],
  },
  {
    name: 'platform of node',
    files: [
      'src/platform/node.ts',
      'src/platform/node-atomic-file.ts',
      'src/platform/node-builtin.ts',
      'src/platform/node-env.ts',
      'src/platform/node-files.ts',
      'src/platform/node-http.ts',
      'src/platform/node-inside.ts',
      'src/platform/node-journal.ts',
      'src/platform/node-owner.ts',
      'src/platform/node-watch.ts',
      'src/platform/node-worker-code.ts',
      'src/platform/node-worker.ts',
    ],
    mayImport: [
      'abi',
      'wasi',
      ...wasiRooms,
      'errors',
      'units',
      'values',
      'platform types',
      'platform',
      'node:',
    ],
    mayNameRuntimes: true,
  },
  {
    name: 'platform',
    files: ['src/platform/'],
    mayImport: ['wasi', ...wasiRooms, 'platform types'],
    mayNameRuntimes: true,
  },
  {
    name: 'faces',
    files: ['src/node.ts', 'src/web.ts', 'src/api.ts', 'src/capabilities.ts'],
    mayImport: [...ground, ...rooms, 'inspect', 'platform', 'platform of node'],
  },
  {
    name: 'actor on node',
    files: ['src/actor/node.ts', 'src/actor/state/file-state.ts'],
    mayImport: ['actor', ...actorRooms, 'errors', 'platform of node'],
  },
  {
    name: 'actor ground',
    files: ['errors', 'limits', 'events', 'listeners', 'float', 'call-options'].map(
      name => `src/actor/${name}.ts`,
    ),
    mayImport: outsideActor,
  },
  { name: 'actor json', files: ['src/actor/json/'], mayImport: belowInActor('actor json') },
  { name: 'actor message', files: ['src/actor/message/'], mayImport: belowInActor('actor message') },
  { name: 'actor config', files: ['src/actor/config/'], mayImport: belowInActor('actor config') },
  { name: 'actor state', files: ['src/actor/state/'], mayImport: belowInActor('actor state') },
  { name: 'actor engine', files: ['src/actor/engine/'], mayImport: belowInActor('actor engine') },
  { name: 'actor', files: ['src/actor/'], mayImport: [...outsideActor, ...actorRooms] },
  {
    name: 'network on node',
    files: ['src/network/node.ts', 'src/network/journal/'],
    mayImport: [
      ...outsideActor,
      'network',
      ...networkRooms,
      'actor',
      ...actorRooms,
      'actor on node',
      'platform of node',
    ],
  },
  {
    name: 'network ground',
    files: ['src/network/errors.ts', 'src/network/limits.ts'],
    mayImport: belowInNetwork('network ground'),
  },
  { name: 'network graph', files: ['src/network/graph/'], mayImport: belowInNetwork('network graph') },
  { name: 'network plan', files: ['src/network/plan/'], mayImport: belowInNetwork('network plan') },
  { name: 'network engine', files: ['src/network/engine/'], mayImport: belowInNetwork('network engine') },
  { name: 'network log', files: ['src/network/log/'], mayImport: belowInNetwork('network log') },
  {
    name: 'network on NATS',
    files: ['src/network/nats/'],
    mayImport: [...outsideActor, 'network', 'actor', ...actorRooms, ...networkRooms, '@nats-io'],
  },
  {
    name: 'network in Durable Objects',
    files: ['src/network/durable-object/'],
    mayImport: [...outsideActor, 'network', 'actor', ...actorRooms, ...networkRooms],
  },
  {
    name: 'network',
    files: ['src/network/'],
    mayImport: [...outsideActor, 'actor', ...actorRooms, ...networkRooms],
  },
  {
    name: 'page of a plugin',
    files: ['src/page/plugin/'],
    mayImport: ['errors', 'limits', 'units', 'values', 'host', 'given', 'trace', 'audit', 'faces', 'page'],
  },
  {
    name: 'page',
    files: ['src/page/'],
    mayImport: [
      'errors',
      'values',
      'actor ground',
      'actor json',
      'actor message',
      'network ground',
      'network graph',
      'network',
    ],
  },
  { name: 'msgpack', files: ['src/msgpack/'], mayImport: ['actor', ...actorRooms, 'msgpackr'] },
  {
    name: 'conformance',
    files: ['src/conformance/'],
    mayImport: ['wasi', ...wasiRooms, 'errors', 'values', 'faces', 'actor', ...actorRooms, 'msgpack'],
  },
  {
    name: 'types',
    files: ['src/types/'],
    mayImport: ['wasi ground', 'errors', 'inspect', 'actor', ...actorRooms],
  },
  {
    name: 'build',
    files: ['src/build/'],
    mayImport: [...ground, 'module', 'faces', 'inspect', 'types', 'platform of node', ...actorRooms, 'node:'],
  },
  {
    name: 'cli',
    files: ['src/cli/'],
    mayImport: [...everything, 'node:', '@nats-io'],
    mayNameRuntimes: true,
  },
  {
    name: 'create',
    files: ['create-plugboard/src/'],
    mayImport: ['cli', 'wasi ground', 'platform', 'node:', 'computed'],
    mayNameRuntimes: true,
  },
  { name: 'examples', files: ['examples/'], mayImport: ['plugboard', 'node:'] },
  {
    name: 'test runner',
    files: ['test/helpers/', 'test/runner.test.ts'],
    mayImport: [...everything, 'examples', 'test', 'node:', 'plugboard', 'uvu', 'computed'],
    mayNameRuntimes: true,
  },
  {
    name: 'test',
    files: ['test/'],
    mayImport: [
      ...everything,
      'examples',
      'test runner',
      'node:',
      'plugboard',
      'esbuild',
      'cloudflare:workers',
      'typescript',
      'computed',
    ],
    mayNameRuntimes: true,
  },
];

/**
 * Checks the imports of `files` (path from the repository's root → source text) against `layers`. Returns one
 * line for each wrong arrow, missing file, cycle and runtime's name in a place that must not know it.
 */
export function checkLayers(files: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, text] of files) {
    const layer = layerOf(path);
    if (!layer) {
      problems.push(`${path}: belongs to no layer of test/helpers/layers.ts`);
      continue;
    }
    const { imports, runtimeNames } = scan(text);
    const targets = imports.map(specifier => ({ specifier, ...resolve(path, specifier) }));
    for (const { specifier, file, layerName } of targets) {
      if (file !== undefined && !files.has(file)) {
        problems.push(`${path}: imports '${specifier}', but there is no file ${file}`);
      } else if (layerName !== layer.name && !layer.mayImport.includes(layerName)) {
        problems.push(`${path}: '${layer.name}' may not import '${specifier}' of '${layerName}'`);
      }
    }
    if (!layer.mayNameRuntimes) {
      for (const name of runtimeNames) problems.push(`${path}: '${layer.name}' may not name ${name}`);
    }
    graph.set(
      path,
      targets.flatMap(({ file }) => file ?? []),
    );
  }
  return [...problems, ...findCycles(graph).map(cycle => `import cycle: ${cycle.join(' → ')}`)];
}

function layerOf(path: string): Layer | undefined {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const holds = (pattern: string) =>
    pattern === path || pattern === `${folder}*` || (pattern.endsWith('/') && path.startsWith(pattern));
  return layers.find(layer => layer.files.some(holds));
}

function resolve(importer: string, specifier: string): { file?: string; layerName: string } {
  if (specifier.startsWith('node:')) return { layerName: 'node:' };
  if (!specifier.startsWith('.')) return { layerName: specifier.split('/')[0]! };
  const base = 'http://repository/';
  const file = new URL(specifier, base + importer).href.slice(base.length);
  return { file, layerName: layerOf(file)?.name ?? 'no layer' };
}

/** Every cycle that a depth-first walk meets, each as the list of its files, the first one repeated at the end. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path]);
    else if (!done.has(path)) {
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    }
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
