import { describe } from '../errors.ts';
import { TYPES_LIMITS } from './limits.ts';
import {
  ANY,
  type DataType,
  type FunctionTypes,
  findCyclic,
  type NamedType,
  nullable,
  type Payload,
  type PropertyType,
} from './plugin-types.ts';
import { refuseSchema } from './schema-error.ts';
import { parseYaml } from './yaml.ts';
import type { Plain } from './yaml-scalars.ts';

// XTP schemas, the interface descriptions of Extism's users. https://docs.xtp.dylibso.com/docs/concepts/xtp-schema
// The rules are those of schema.yaml in https://github.com/dylibso/xtp-bindgen.

/** An XTP schema, read. */
export interface XtpSchema {
  exports: FunctionTypes[];
  imports: FunctionTypes[];
  schemas: NamedType[];
}

type Node = { readonly [key: string]: Plain };

const MOST_CHARACTERS = TYPES_LIMITS.schemaCharacters.default;

/**
 * Reads the text of an XTP schema of version v0 or v1-draft, as JSON or as YAML.
 * @param where how messages name the text, such as the path of its file
 * @throws {PlugboardError} INVALID_SCHEMA
 */
export function readXtpSchema(text: string, where = 'XTP schema'): XtpSchema {
  if (text.length > MOST_CHARACTERS) {
    refuseSchema(`${where}: expected at most ${MOST_CHARACTERS} characters, got ${text.length}`);
  }
  // Also without a byte order mark, which JSON.parse refuses.
  const trimmed = text.trimStart();
  const root = trimmed.startsWith('{') ? readJsonText(trimmed, where) : parseYaml(text, where);
  return new XtpReader(where).read(root);
}

function readJsonText(text: string, where: string): Plain {
  try {
    return JSON.parse(text) as Plain;
  } catch (error) {
    return refuseSchema(`${where}: ${(error as Error).message}`);
  }
}

/** Names of exports, imports, properties and schemas. */
const NAME = /^[a-zA-Z_$][a-zA-Z0-9_$]*$/;
const FUNCTION_KEYS = ['description', 'codeSamples', 'input', 'output'];
const TYPE_KEYS = [
  ...['type', 'format', 'nullable', 'description', 'items', 'additionalProperties', 'enum', '$ref'],
  ...['properties', 'required'],
];

const ENCODINGS = new Map<Plain | undefined, Payload['encoding']>([
  ['application/json', 'json'],
  ['text/plain; charset=utf-8', 'text'],
  ['application/x-binary', 'bytes'],
]);

/** The formats of each type. */
const FORMATS: Readonly<Record<string, readonly string[]>> = {
  string: ['date-time', 'byte'],
  integer: ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64'],
  number: ['float', 'double'],
  boolean: [],
  buffer: [],
  object: [],
  array: [],
};

const MOST_DEPTH = TYPES_LIMITS.typeDepth.default;

class XtpReader {
  readonly #where: string;
  #schemaNames: readonly string[] = [];

  constructor(where: string) {
    this.#where = where;
  }

  read(root: Plain): XtpSchema {
    const node = this.#node(root, '#');
    if (node.version === 'v0') return this.#readV0(node);
    if (node.version !== 'v1-draft') this.#refuse('#/version', 'v0 or v1-draft', node.version);
    this.#keys(node, ['version', '$schema', 'exports', 'imports', 'components'], '#');
    const components = this.#optional(node.components, '#/components');
    this.#keys(components, ['schemas'], '#/components');
    const schemas = this.#named(components.schemas, '#/components/schemas');
    this.#schemaNames = schemas.map(({ name }) => name);
    const read = schemas.map(({ name, node, path }) => {
      return {
        name,
        description: this.#text(node.description, `${path}/description`),
        type: this.#type(node, path),
      };
    });
    const [cycle] = findCyclic(read);
    if (cycle !== undefined)
      this.#refuse(`#/components/schemas/${cycle}`, 'a type', 'one that refers to itself alone');
    if (node.exports === undefined) this.#refuse('#/exports', 'the exports by name', undefined);
    return {
      exports: this.#functions(node.exports, '#/exports'),
      imports: this.#functions(node.imports, '#/imports'),
      schemas: read,
    };
  }

  /** Version 0 has only the names of the exports. */
  #readV0(node: Node): XtpSchema {
    this.#keys(node, ['version', '$schema', 'exports'], '#');
    const names = node.exports;
    if (!Array.isArray(names)) return this.#refuse('#/exports', 'a list of names', names);
    const unknown: Payload = { encoding: 'unknown', description: '', type: ANY };
    const exports = names.map((name, index) => {
      return {
        name: this.#name(name, `#/exports/${index}`),
        description: '',
        input: unknown,
        output: unknown,
      };
    });
    const twice = exports.find(({ name }, index) => exports.findIndex(other => other.name === name) < index);
    if (twice) this.#refuse('#/exports', 'each name once', twice.name);
    return { exports, imports: [], schemas: [] };
  }

  #functions(value: Plain | undefined, path: string): FunctionTypes[] {
    return this.#named(value, path).map(({ name, node, path }) => {
      this.#keys(node, FUNCTION_KEYS, path);
      return {
        name,
        description: this.#text(node.description, `${path}/description`),
        input: this.#payload(node.input, `${path}/input`),
        output: this.#payload(node.output, `${path}/output`),
      };
    });
  }

  #payload(value: Plain | undefined, path: string): Payload | null {
    if (value === undefined || value === null) return null;
    const { contentType, ...node } = this.#node(value, path);
    const encoding = ENCODINGS.get(contentType);
    if (!encoding) {
      return this.#refuse(`${path}/contentType`, [...ENCODINGS.keys()].join(', '), contentType);
    }
    return {
      encoding,
      description: this.#text(node.description, `${path}/description`),
      type: this.#type(node, path),
    };
  }

  #type(node: Node, path: string, depth = 0): DataType {
    if (depth > MOST_DEPTH) this.#refuse(path, `at most ${MOST_DEPTH} levels of types`, 'more');
    this.#keys(node, TYPE_KEYS, path);
    const isNullable = node.nullable ?? false;
    if (typeof isNullable !== 'boolean') this.#refuse(`${path}/nullable`, 'true or false', isNullable);
    const type = this.#ownType(node, path, depth);
    return isNullable ? nullable(type) : type;
  }

  #ownType(node: Node, path: string, depth: number): DataType {
    const inner = (value: Plain | undefined, key: string) =>
      this.#type(this.#node(value, `${path}/${key}`), `${path}/${key}`, depth + 1);
    if (node.$ref !== undefined) return { kind: 'schema', name: this.#reference(node.$ref, `${path}/$ref`) };
    const { type, format } = node;
    const formats = typeof type === 'string' && Object.hasOwn(FORMATS, type) ? FORMATS[type]! : undefined;
    if (type !== undefined && !formats)
      this.#refuse(`${path}/type`, `one of ${Object.keys(FORMATS).join(', ')}`, type);
    if (format !== undefined && !formats?.includes(String(format))) {
      this.#refuse(`${path}/format`, formats?.length ? `one of ${formats.join(', ')}` : 'no format', format);
    }
    if (node.additionalProperties !== undefined) {
      return { kind: 'map', values: inner(node.additionalProperties, 'additionalProperties') };
    }
    if (node.properties !== undefined)
      return { kind: 'object', properties: this.#properties(node, path, depth) };
    if (node.enum !== undefined) return { kind: 'literals', values: this.#texts(node.enum, `${path}/enum`) };
    if (node.items !== undefined) return { kind: 'array', items: inner(node.items, 'items') };
    switch (type) {
      case 'string':
        return { kind: format === 'date-time' ? 'date' : format === 'byte' ? 'bytes' : 'string' };
      case 'buffer':
        return { kind: 'bytes' };
      case 'boolean':
      case 'integer':
      case 'number':
        return { kind: type };
      case 'array':
        return { kind: 'array', items: ANY };
      case 'object':
        return { kind: 'map', values: ANY };
      default:
        return this.#refuse(
          path,
          'one of type, $ref, properties, additionalProperties, enum and items',
          undefined,
        );
    }
  }

  #properties(node: Node, path: string, depth: number): PropertyType[] {
    const required = node.required === undefined ? [] : this.#texts(node.required, `${path}/required`);
    const properties = this.#named(node.properties, `${path}/properties`);
    const missing = required.find(name => !properties.some(property => property.name === name));
    if (missing !== undefined) this.#refuse(`${path}/required`, 'names of properties', missing);
    return properties.map(({ name, node, path }) => ({
      name,
      description: this.#text(node.description, `${path}/description`),
      required: required.includes(name),
      type: this.#type(node, path, depth + 1),
    }));
  }

  #reference(value: Plain, path: string): string {
    const name = typeof value === 'string' ? /^#\/components\/schemas\/([^/]+)$/.exec(value)?.[1] : undefined;
    if (name !== undefined && this.#schemaNames.includes(name)) return name;
    return this.#refuse(
      path,
      `#/components/schemas/ and one of ${this.#schemaNames.join(', ') || 'no names'}`,
      value,
    );
  }

  #named(value: Plain | undefined, path: string): { name: string; node: Node; path: string }[] {
    return Object.entries(this.#optional(value, path)).map(([name, item]) => {
      const at = `${path}/${name}`;
      return { name: this.#name(name, at), node: this.#optional(item, at), path: at };
    });
  }

  #name(value: Plain, path: string): string {
    return typeof value === 'string' && NAME.test(value)
      ? value
      : this.#refuse(path, 'a name of letters, digits, _ and $, not beginning with a digit', value);
  }

  /** A mapping that may be left out or empty. */
  #optional(value: Plain | undefined, path: string): Node {
    return value === undefined || value === null ? {} : this.#node(value, path);
  }

  #node(value: Plain | undefined, path: string): Node {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value
      : this.#refuse(path, 'a mapping', value);
  }

  #text(value: Plain | undefined, path: string): string {
    return typeof (value ?? '') === 'string'
      ? ((value ?? '') as string)
      : this.#refuse(path, 'a text', value);
  }

  #texts(value: Plain, path: string): string[] {
    return Array.isArray(value) && value.every(item => typeof item === 'string')
      ? (value as string[])
      : this.#refuse(path, 'a list of texts', value);
  }

  #keys(node: Node, known: readonly string[], path: string): void {
    const key = Object.keys(node).find(key => !known.includes(key) && !key.startsWith('x-'));
    if (key !== undefined) this.#refuse(path, `the keys ${known.join(', ')}`, key);
  }

  #refuse(path: string, expected: string, got: unknown): never {
    return refuseSchema(`${this.#where}: ${path}: expected ${expected}, got ${describe(got)}`);
  }
}
