import { aText, type OptionTable, oneOf, readOptions, refuseExtra } from '../../wasi/options.ts';
import { ACTOR_OPTIONS } from '../actor/actor-settings.ts';
import { LOADER_OPTIONS } from '../actor/module-loader.ts';
import type { FunctionTypes, Payload, PluginTypes } from './plugin-types.ts';
import { HEADER, ownTypes, refuse } from './printing.ts';
import { quote } from './text.ts';

/** Where a printed module finds the plugin. */
export interface ModuleOptions {
  /** An expression of JavaScript, such as `new URL("./plugin.wasm", import.meta.url)`. It is printed as it is. */
  source: string;
  /** The kind of its value. */
  gives: 'url' | 'bytes' | 'module';
  /** Statements before it, such as an import. They are printed as they are. */
  head?: string | undefined;
  /** The SHA-256 of the bytes, in hexadecimal digits. A module that is loaded from a URL is compared with it. */
  sha256: string;
}

export const MODULE_OPTIONS: OptionTable<ModuleOptions> = {
  of: 'printModule(types, options)',
  rows: {
    source: { ...aText, default: 'none', required: true },
    gives: { ...oneOf(['url', 'bytes', 'module']), default: 'none', required: true },
    head: { ...aText, default: 'none' },
    sha256: { ...aText, default: 'none', required: true },
  },
};

/**
 * Prints a module of JavaScript whose `create`, also its default export, makes the plugin or the actor.
 * @throws {PlugboardError} INVALID_OPTION
 */
export function printModule(types: PluginTypes, options: ModuleOptions): string;
export function printModule(given: PluginTypes, options: ModuleOptions, ...extra: unknown[]): string {
  refuseExtra(extra, 'printModule', refuse);
  const read = readOptions(MODULE_OPTIONS, options, 'printModule', refuse);
  const types = ownTypes(given, 'printModule');
  const body = types.actor
    ? printActor(types.actor.encoding === 'msgpack', read)
    : printFunctions(types, read);
  return `${[HEADER, ...body, '', 'export default create;'].join('\n')}\n`;
}

const printSource = ({ head, source, sha256 }: ModuleOptions): string[] => [
  ...(head === undefined ? [] : [head]),
  '',
  `export const sha256 = ${quote(sha256)};`,
  `export const source = ${source};`,
  '',
];

function printFunctions({ exports, imports }: PluginTypes, options: ModuleOptions): string[] {
  const hasImports = imports.length > 0;
  const manifest = options.gives === 'url' ? '{ wasm: [{ url: source.href, hash: sha256 }] }' : 'source';
  return [
    `import { createPlugin${hasImports ? ', hostFunction, values' : ''} } from 'plugboard';`,
    ...printSource(options),
    ...(exports.some(({ output }) => output?.encoding === 'json') ? READ_JSON : []),
    hasImports
      ? 'export async function create({ imports, ...options }) {'
      : 'export async function create(options) {',
    ...(hasImports ? printImports(imports) : []),
    `  const plugin = await createPlugin(${manifest}, ${hasImports ? '{ ...options, functions }' : 'options'});`,
    '  return {',
    '    plugin,',
    '    exports: {',
    ...exports.map(printExport),
    '    },',
    '    close: () => plugin.close(),',
    '  };',
    '}',
  ];
}

const READ_JSON = [
  'function readJson(name, output) {',
  `  if (output === null) throw new TypeError(name + ': expected JSON, but the plugin set no output');`,
  '  return output.json();',
  '}',
  '',
];

function printExport({ name, input, output }: FunctionTypes): string {
  const given = input?.encoding === 'json' ? 'JSON.stringify(input)' : 'input';
  const call = `await plugin.call(${quote(name)}, ${given}, hostContext, options)`;
  const read: Record<Payload['encoding'], string> = {
    json: `readJson(${quote(name)}, ${call})`,
    text: `(${call})?.text() ?? ''`,
    bytes: `(${call})?.bytes() ?? new Uint8Array()`,
    unknown: call,
  };
  const body = output ? read[output.encoding] : `void (${call})`;
  // A computed key, because `"__proto__": …` would set the prototype.
  return `      [${quote(name)}]: async (input, hostContext, options) => ${body},`;
}

function printImports(imports: readonly FunctionTypes[]): string[] {
  return [
    '  const functions = {',
    '    ...options.functions,',
    "    'extism:host/user': {",
    "      ...options.functions?.['extism:host/user'],",
    ...imports.map(({ name, input, output }) => {
      const parts = [
        ...(input ? [`params: [${codecOf(input)}]`] : []),
        ...(output ? [`result: ${codecOf(output)}`] : []),
      ];
      return `      [${quote(name)}]: hostFunction({ ${parts.join(', ')} }, imports[${quote(name)}]),`;
    }),
    '    },',
    '  };',
  ];
}

const codecOf = ({ encoding }: Payload): string =>
  `values.${encoding === 'json' || encoding === 'text' ? encoding : 'bytes'}`;

/** Options of actors that a `ModuleLoader` does not take. */
const ACTOR_ONLY = Object.keys(ACTOR_OPTIONS.rows).filter(key => !Object.hasOwn(LOADER_OPTIONS.rows, key));

function printActor(isMsgpack: boolean, options: ModuleOptions): string[] {
  const codec = isMsgpack ? ['  options = { codec: msgpack, ...options };'] : [];
  const fromUrl = options.gives === 'url';
  return [
    `import { ${fromUrl ? 'ModuleLoader' : 'ScriptActor'} } from 'plugboard/actor';`,
    ...(isMsgpack ? ["import { msgpack } from 'plugboard/msgpack';"] : []),
    ...printSource(options),
    'export async function create(options = {}) {',
    ...codec,
    ...(fromUrl
      ? [
          '  // The limits hold while the module is loaded, too.',
          `  const { ${ACTOR_ONLY.join(', ')}, ...loading } = options;`,
          '  const loader = new ModuleLoader(loading);',
          "  await loader.load('plugin', source, { sha256 });",
          "  return loader.createActor('plugin', options);",
        ]
      : ['  return ScriptActor.create({ source }, options);']),
    '}',
  ];
}
