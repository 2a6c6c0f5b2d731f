import type {
  DataType,
  FunctionTypes,
  NamedType,
  Payload,
  PluginTypes,
  PropertyType,
} from './plugin-types.ts';
import { comment, quote } from './text.ts';

/** Prints a type. Named types are reached as `Schemas["Name"]`: a name may be a word of the language, or a name of this file. */
export function printType(type: DataType, indent = ''): string {
  switch (type.kind) {
    case 'string':
    case 'boolean':
    case 'null':
      return type.kind;
    case 'bytes':
    case 'date':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'literals':
      return union(type.values.map(value => (typeof value === 'string' ? quote(value) : String(value))));
    case 'array':
      return printList(type.items, indent);
    case 'map':
      return `{ readonly [key: string]: ${printType(type.values, indent)} }`;
    case 'object':
      return printObject(type.properties, indent);
    case 'union':
      return union(type.of.map(part => printType(part, indent)));
    case 'schema':
      return `Schemas[${quote(type.name)}]`;
    default:
      return 'unknown';
  }
}

/** A list of named types is an interface: TypeScript reads an array at once, and refuses a type that refers to itself in one. */
function printList(items: DataType, indent: string): string {
  const parts = partsOf(items);
  const names = parts.flatMap(part => (part.kind === 'schema' ? [quote(part.name)] : []));
  if (names.length === 0) return `readonly (${printType(items, indent)})[]`;
  const others = parts.filter(part => part.kind !== 'schema').map(part => printType(part, indent));
  return `List<${[union(names), ...(others.length > 0 ? [union(others)] : [])].join(', ')}>`;
}

const partsOf = (type: DataType): DataType[] => (type.kind === 'union' ? type.of.flatMap(partsOf) : [type]);

const union = (parts: readonly string[]): string => [...new Set(parts)].join(' | ') || 'never';

function printObject(properties: readonly PropertyType[], indent: string): string {
  if (properties.length === 0) return '{ readonly [key: string]: unknown }';
  const inner = `${indent}  `;
  const lines = properties.flatMap(({ name, description, required, type }) => [
    ...comment([description, ...noteOf(type)], inner),
    `${inner}readonly ${quote(name)}${required ? '' : '?'}: ${printType(type, inner)};`,
  ]);
  return ['{', ...lines, `${indent}}`].join('\n');
}

const NOTES = new Map<DataType['kind'], string>([
  ['bytes', 'Bytes, as base64.'],
  ['date', 'A time, as ISO 8601.'],
  ['integer', 'A whole number.'],
]);

/** A rule that the type does not show. */
const noteOf = (type: DataType): string[] => {
  const bare = type.kind === 'union' ? type.of[0] : type;
  const note = bare && NOTES.get(bare.kind);
  return note === undefined ? [] : [note];
};

export const printSchemas = (schemas: readonly NamedType[]): string[] =>
  schemas.length === 0
    ? []
    : [
        '/** Types of the plugin, by their names. */',
        'export interface Schemas {',
        ...schemas.flatMap(({ name, description, type }) => [
          ...comment([description, ...noteOf(type)], '  '),
          `  ${quote(name)}: ${printType(type, '  ')};`,
        ]),
        '}',
        '',
        'interface List<Name extends keyof Schemas, Other = never> extends ReadonlyArray<Schemas[Name] | Other> {}',
        '',
      ];

/** The type of a value that a wrapper takes, or gives back. */
export function printPayload(
  payload: Payload | null,
  direction: 'input' | 'output',
  types: PluginTypes,
): string {
  if (payload === null) return direction === 'input' ? 'undefined' : 'void';
  switch (payload.encoding) {
    case 'json':
      return printType(payload.type, '  ');
    case 'text':
      return isText(payload.type, types) ? printType(payload.type, '  ') : 'string';
    case 'bytes':
      return 'Uint8Array';
    default:
      return direction === 'input' ? 'PluginInput' : 'PluginOutput | null';
  }
}

/** Whether all values are strings: a number as text would have no sure form. */
function isText(type: DataType, types: PluginTypes): boolean {
  if (type.kind === 'schema') {
    const found = types.schemas.find(({ name }) => name === type.name);
    return found !== undefined && isText(found.type, types);
  }
  return (
    type.kind === 'string' ||
    (type.kind === 'literals' && type.values.every(value => typeof value === 'string'))
  );
}

export const printFunctionComment = ({ description, input, output }: FunctionTypes): string[] => {
  const part = (tag: string, payload: Payload | null) =>
    payload?.description ? [`${tag}: ${payload.description}`] : [];
  return comment([description, ...part('Input', input), ...part('Output', output)], '  ');
};
