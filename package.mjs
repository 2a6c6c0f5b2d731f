// The published JavaScript, dist/lib: the files that package.json names. docs/PACKAGE.md describes them.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rollup } from 'rollup';

/** The published files of users, with the built file that each is made of. */
const IMPORTED = {
  node: 'src/node.js',
  web: 'src/web.js',
  'actor-node': 'src/actor/node.js',
  'actor-web': 'src/actor/index.js',
  'network-node': 'src/network/node.js',
  'network-web': 'src/network/index.js',
  abi: 'abi/index.js',
  wasi: 'wasi/index.js',
  preview2: 'wasi/preview2/index.js',
  msgpack: 'src/msgpack/index.js',
  pool: 'src/pool/index.js',
  nats: 'src/network/nats/index.js',
};
/** Files for build tools and for Cloudflare, which load ES modules. */
const FOR_TOOLS = {
  'durable-object': 'src/network/durable-object/index.js',
  'worker-loader': 'src/worker-loader/index.js',
  types: 'src/types/index.js',
  'audit-node': 'src/audit/node.js',
  'audit-web': 'src/audit/index.js',
  esbuild: 'src/build/esbuild.js',
  vite: 'src/build/vite.js',
  'no-tool': 'src/build/elsewhere.js',
};
const STARTED = { 'worker-web': 'src/platform/worker-web.js', 'cli/main': 'src/cli/main.js' };

/** Parts of src/ that have entries or files of their own, or are loaded when they are used. */
const NOT_HOST = [
  '(node|web)\\.js',
  'actor',
  'audit/',
  'build/',
  'cli/',
  'create/compiled',
  'conformance/',
  'host/(http|outside|private)',
  'module/(rewrite|prepare|instruments)',
  'msgpack/',
  'link/(checks|fresh)',
  'network',
  'page/',
  'platform/(node|worker)',
  'pool/',
  'replay/',
  'run/(budget|deadline|fresh|fuel|growth|tracing|with-wasi|worker/)',
  'trace/',
  'types/',
  'worker-loader/',
  'wasm/(by-length|calls|cap-memory|declarations|edits|fresh|fuel|instruct|instrument|labels|make-ask|meter|mirror)',
];

/** Files of the host that the first creation loads, and `import 'plugboard'` does not. */
const CREATION = [
  'create(\\.|/start)',
  'engine/wasm-stack',
  'given/call-options',
  'host/context',
  'link/(forward|imports|instance|plan)',
  'module/(built|compile|engine-compile)',
  'plugin\\.',
  'run/',
  'setup\\.',
  'values/(input|later|read-only)',
  'wasm/(ask|trampoline)',
];

/** Names for files that several of them share. A file belongs to the first that fits. Other shared files are named by rollup. */
const SHARED = [
  ['ground', /^abi\/(brands|encode|errors|json|lazily|log|opcodes|options|signatures|utf8)\./],
  ['kernel', /^abi\/(?!index|spec)/],
  ['wasi-memory', /^wasi\/(descriptors|memory|result|rights|structs)\./],
  [
    'ground',
    /^wasi\/(?!index|functions\/|files\/|preview[12]|seen|trace|provided\/coarse|spec\/(row|errno))/,
  ],
  ['node-platform', /^src\/platform\/(node(?!-atomic|-inside|-journal|-owner|-worker-code)|system-error)/],
  [
    'actor-ground',
    /^src\/actor\/(json\/|engine\/host-functions|message\/(message|types|wire)|(errors|float|limits)\.)/,
  ],
  ['actor', /^src\/(actor\/(?!node\.js|state\/file-|state\/state-file)|actor-error-codes)/],
  ['network', /^src\/network\/(?!node\.js|nats\/|durable-object\/)/],
  [
    'cli/common',
    /^src\/cli\/(access|call-manifest|columns|command|errors|files|log|progress|record|stdio|stub|trace)\./,
  ],
  ['trace-and-replay', /^src\/(trace|replay)\//],
  ['creation', new RegExp(`^src/(?!${NOT_HOST.join('|')})(${CREATION.join('|')})`)],
  ['host', new RegExp(`^src/(?!${NOT_HOST.join('|')})`)],
];

/** Reads a built file with its source map, so that the maps of the package lead to the sources. */
const withMaps = {
  name: 'source maps',
  load(id) {
    const map = `${id}.map`;
    return {
      code: readFileSync(id, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, ''),
      map: existsSync(map) ? JSON.parse(readFileSync(map, 'utf8')) : { mappings: '' },
    };
  },
};

/** wasi/ has copies of two files of abi/, since neither imports the other. Packed they are one. */
export const copiesOnce = {
  name: 'copies once',
  resolveId(id, importer) {
    if (!importer || !/^\..*\/(brands|options)\.js$/.test(id)) return null;
    return resolve(dirname(importer), id).replace(/\/wasi\/(brands|options)\.js$/, '/abi/$1.js');
  },
};

/** CommonJS is for tools that cannot load ES modules, such as jest. Its code does not know its own URL. */
const withoutMeta = { name: 'no import.meta', resolveImportMeta: () => 'undefined' };

export async function writePackage(root) {
  const dist = `${root}dist/`;
  const lib = `${dist}lib/`;
  rmSync(lib, { recursive: true, force: true });
  const write = async (entries, output) => {
    const bundle = await rollup({
      input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, dist + file])),
      plugins: [copiesOnce, withMaps],
      external: /^(node:|@nats-io\/)/,
      treeshake: { moduleSideEffects: id => id.includes('/worker-web.') },
    });
    await bundle.write({
      minifyInternalExports: false,
      hoistTransitiveImports: false,
      onlyExplicitManualChunks: true,
      manualChunks: id => SHARED.find(([, files]) => files.test(id.slice(dist.length)))?.[0],
      exports: 'named',
      ...output,
    });
  };
  await write(
    { ...IMPORTED, ...FOR_TOOLS, ...STARTED },
    { dir: lib, format: 'es', sourcemap: true, chunkFileNames: '[name].js' },
  );
  await write(IMPORTED, {
    dir: `${lib}cjs`,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    dynamicImportInCjs: false,
    plugins: [withoutMeta],
    // As `require` gives an ES module that exports this name.
    footer: ({ name }) => (name === 'node' ? 'module.exports = required;' : ''),
  });
  writeTypes(dist);
}

/**
 * The declarations of tsc count as CommonJS, which ES modules may import. Each entry has a declaration of its own for both.
 * TypeScript takes `export =` for the function that `require('plugboard')` returns.
 */
function writeTypes(dist) {
  writeFileSync(`${dist}types/package.json`, '{ "type": "commonjs" }\n');
  const wasm = 'declare const accessors: WebAssembly.Module;\n';
  writeFileSync(`${dist}lib/accessors.d.ts`, `${wasm}export default accessors;\n`);
  writeFileSync(`${dist}lib/cjs/accessors.d.cts`, `${wasm}export = accessors;\n`);
  for (const [name, file] of Object.entries(IMPORTED)) {
    const declared = `types/${file}`;
    const own = readFileSync(`${dist}${declared.replace('.js', '.d.ts')}`, 'utf8');
    const hasDefault = /\bas default\b/.test(own);
    const esm = [
      `export * from '../${declared}';`,
      ...(hasDefault ? [`export { createPlugin as default } from '../${declared}';`] : []),
    ];
    writeFileSync(`${dist}lib/${name}.d.ts`, `${esm.join('\n')}\n`);
    const cjs =
      name === 'node'
        ? requiredTypes(`../../${declared}`, own + readFileSync(`${dist}types/src/api.d.ts`, 'utf8'))
        : `export * from '../../${declared}';`;
    writeFileSync(`${dist}lib/cjs/${name}.d.cts`, `${cjs}\n`);
  }
  for (const [name, file] of Object.entries(FOR_TOOLS)) {
    const declared = `types/${file}`;
    const own = readFileSync(`${dist}${declared.replace('.js', '.d.ts')}`, 'utf8');
    const names = /\bdefault\b/.test(own) ? ['*', '{ plugboard as default }'] : ['*'];
    writeFileSync(
      `${dist}lib/${name}.d.ts`,
      names.map(item => `export ${item} from '../${declared}';\n`).join(''),
    );
  }
}

function requiredTypes(from, declarations) {
  const exported = [...declarations.matchAll(/^export (?:declare \w+ (\w+)|(?:type )?\{([^}]*)\})/gm)];
  const names = exported.flatMap(
    ([, one, list]) => one ?? list.split(',').map(item => item.trim().replace(/^type |^.* as /g, '')),
  );
  const list = [...new Set(names)].filter(name => /^\w+$/.test(name) && name !== 'default').join(', ');
  return [
    `import { ${list} } from '${from}';`,
    'declare function plugboard(...given: Parameters<typeof createPlugin>): ReturnType<typeof createPlugin>;',
    `declare namespace plugboard { export { ${list} }; }`,
    'export = plugboard;',
  ].join('\n');
}
