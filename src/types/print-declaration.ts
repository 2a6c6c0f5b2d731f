import { aText, type OptionTable, readOptions, refuseExtra } from '../../wasi/options.ts';
import type { ActorTypes, FunctionTypes, PluginTypes, PortTypes } from './plugin-types.ts';
import { printFunctionComment, printPayload, printSchemas, printType } from './print-type.ts';
import { HEADER, ownTypes, refuse } from './printing.ts';
import { comment, quote } from './text.ts';

export interface DeclarationOptions {
  /** The name of the module that the types are of, as in `declare module NAME`. Default: they are of the file's own module. */
  module?: string | undefined;
}

export const DECLARATION_OPTIONS: OptionTable<DeclarationOptions> = {
  of: 'printDeclaration(types, options)',
  rows: { module: { ...aText, default: "none: the types are those of the file's own module" } },
};

/**
 * Prints a `.d.ts` file for the module that `printModule` prints.
 * @throws {PlugboardError} INVALID_OPTION
 */
export function printDeclaration(types: PluginTypes, options?: DeclarationOptions): string;
export function printDeclaration(
  given: PluginTypes,
  options?: DeclarationOptions,
  ...extra: unknown[]
): string {
  refuseExtra(extra, 'printDeclaration', refuse);
  const { module } = readOptions(DECLARATION_OPTIONS, options, 'printDeclaration', refuse);
  const types = ownTypes(given, 'printDeclaration');
  const lines = [...(types.actor ? printActor(types, types.actor) : printFunctions(types)), ...COMMON];
  const inside = lines.flatMap(line => line.split('\n')).map(line => (line === '' ? '' : `  ${line}`));
  const whole = module === undefined ? lines : [`declare module ${quote(module)} {`, ...inside, '}'];
  return `${[HEADER, ...comment([types.description, ...types.unknown]), ...whole].join('\n')}\n`;
}

const COMMON = [
  '/** The SHA-256 of the module, in hexadecimal digits. */',
  'export const sha256: string;',
  '/** The module, or where it is. */',
  'export const source: URL | Uint8Array | WebAssembly.Module;',
  'export default create;',
];

function printFunctions(types: PluginTypes): string[] {
  const { exports, imports, schemas } = types;
  const hasImports = imports.length > 0;
  const names = ['CallOptions', 'Plugin', 'PluginInput', 'PluginOptions', 'PluginOutput'];
  return [
    `import type { ${[...(hasImports ? ['CallContext'] : []), ...names].join(', ')} } from 'plugboard';`,
    '',
    ...printSchemas(schemas),
    ...block(
      'The functions that the plugin exports.',
      'Exports',
      exports.flatMap(item => printExport(item, types)),
    ),
    ...(hasImports
      ? block(
          'The host functions that the plugin imports from extism:host/user.',
          'Imports',
          imports.flatMap(item => printImport(item, types)),
        )
      : []),
    ...block('A plugin with typed exports.', 'TypedPlugin', [
      '  readonly plugin: Plugin;',
      '  readonly exports: Exports;',
      '  /** Ends the plugin and releases its memory. */',
      '  close(): Promise<void>;',
    ]),
    '/** Creates the plugin and initialises it. */',
    hasImports
      ? 'export function create(options: PluginOptions & { imports: Imports }): Promise<TypedPlugin>;'
      : 'export function create(options?: PluginOptions): Promise<TypedPlugin>;',
  ];
}

const block = (description: string, name: string, lines: readonly string[]): string[] => [
  ...comment([description]),
  `export interface ${name} {`,
  ...lines,
  '}',
  '',
];

function printExport(item: FunctionTypes, types: PluginTypes): string[] {
  const input = printPayload(item.input, 'input', types);
  const optional = item.input === null || item.input.encoding === 'unknown' ? '?' : '';
  const result = printPayload(item.output, 'output', types);
  const params = `input${optional}: ${input}, hostContext?: unknown, options?: CallOptions`;
  return [...printFunctionComment(item), `  ${quote(item.name)}(${params}): Promise<${result}>;`];
}

function printImport(item: FunctionTypes, types: PluginTypes): string[] {
  const input = item.input ? `, input: ${printPayload(item.input, 'output', types)}` : '';
  const result = printPayload(item.output, 'output', types);
  return [
    ...printFunctionComment(item),
    `  ${quote(item.name)}(context: CallContext${input}): ${result} | Promise<${result}>;`,
  ];
}

function printActor({ schemas }: PluginTypes, actor: ActorTypes): string[] {
  const config = actor.config ? printType(actor.config) : '{ readonly [key: string]: unknown }';
  return [
    "import type { ActorOptions, Message, Packet, ScriptActor, SendOptions } from 'plugboard/actor';",
    '',
    ...printSchemas(schemas),
    ...printPorts('Inports', 'A packet for the actor: messages by inport.', actor.inports),
    ...printPorts('Outports', 'A packet of the actor: messages by outport.', actor.outports),
    '/** The config of a node, by the schema that the plugin has for it. */',
    `export type Config = ${config};`,
    'export type Options = Omit<ActorOptions, "config"> & { readonly config?: Config };',
    '',
    ...comment([actor.component]),
    'export interface Actor extends Omit<ScriptActor, "process" | "inports" | "outports"> {',
    '  process(payload: Inports, options?: SendOptions): Promise<Outports[]>;',
    '  readonly inports: { send(packet: Partial<Inports>, options?: SendOptions): Promise<void> };',
    '  readonly outports: AsyncIterable<Outports>;',
    '}',
    '',
    '/** Creates an actor. Its messages are typed as its metadata says; nothing else vouches for them. */',
    'export function create(options?: Options): Promise<Actor>;',
  ];
}

function printPorts(name: string, description: string, ports: readonly PortTypes[]): string[] {
  if (ports.length === 0) return [...comment([description]), `export type ${name} = Packet;`, ''];
  const lines = ports.flatMap(({ name, description, message, required }) => {
    const type = message === null || message === 'Any' ? 'Message' : `Message<${quote(message)}>`;
    return [...comment([description], '  '), `  readonly ${quote(name)}${required ? '' : '?'}: ${type};`];
  });
  return [...comment([description]), `export type ${name} = {`, ...lines, '};', ''];
}
