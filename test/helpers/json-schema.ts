export type Schema = { [keyword: string]: unknown };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const sizeOf = (value: unknown) => (isObject(value) ? Object.keys(value).length : 0);

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: value => typeof value === 'string',
  number: value => typeof value === 'number',
  integer: Number.isInteger,
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
};

type Check = (value: unknown, schema: Schema, path: string) => string[];
/** A keyword of JSON Schema. Returns the faults of `value` at `path`. */
type Keyword = (value: unknown, argument: never, path: string, schema: Schema, check: Check) => string[];

const KEYWORDS: Record<string, Keyword> = {
  type: (value, type: string, path) => (TYPES[type]!(value) ? [] : [`${path}: expected ${type}`]),
  const: (value, only: string, path) => (value === only ? [] : [`${path}: expected ${only}`]),
  enum: (value, names: unknown[], path) =>
    names.includes(value) ? [] : [`${path}: expected one of ${names.join(', ')}`],
  pattern: (value, pattern: string, path) =>
    typeof value !== 'string' || new RegExp(pattern, 'u').test(value) ? [] : [`${path}: not ${pattern}`],
  minimum: (value, least: number, path) =>
    typeof value !== 'number' || value >= least ? [] : [`${path}: below ${least}`],
  maximum: (value, most: number, path) =>
    typeof value !== 'number' || value <= most ? [] : [`${path}: above ${most}`],
  required: (value, names: string[], path) =>
    isObject(value)
      ? names.filter(name => !Object.hasOwn(value, name)).map(name => `${path}: no ${name}`)
      : [],
  properties: (value, schemas: Record<string, Schema>, path, _, check) =>
    Object.entries(isObject(value) ? value : {}).flatMap(([name, item]) =>
      Object.hasOwn(schemas, name) ? check(item, schemas[name]!, `${path}.${name}`) : [],
    ),
  additionalProperties: (value, other: Schema | false, path, { properties }, check) =>
    Object.entries(isObject(value) ? value : {})
      .filter(([name]) => !Object.hasOwn((properties as Schema) ?? {}, name))
      .flatMap(([name, item]) =>
        other ? check(item, other, `${path}.${name}`) : [`${path}: unknown key ${name}`],
      ),
  items: (value, schema: Schema, path, _, check) =>
    (Array.isArray(value) ? value : []).flatMap((item, index) => check(item, schema, `${path}[${index}]`)),
  minItems: (value, least: number, path) =>
    !Array.isArray(value) || value.length >= least ? [] : [`${path}: fewer than ${least} items`],
  uniqueItems: (value, _: boolean, path) =>
    !Array.isArray(value) || new Set(value.map(item => JSON.stringify(item))).size === value.length
      ? []
      : [`${path}: an item stands twice`],
  minProperties: (value, least: number, path) =>
    sizeOf(value) >= least ? [] : [`${path}: fewer than ${least} keys`],
  maxProperties: (value, most: number, path) =>
    sizeOf(value) <= most ? [] : [`${path}: more than ${most} keys`],
  oneOf: (value, schemas: Schema[], path, _, check) => {
    const fitting = schemas.filter(schema => check(value, schema, path).length === 0).length;
    return fitting === 1 ? [] : [`${path}: fits ${fitting} of ${schemas.length} forms, not one`];
  },
  anyOf: (value, schemas: Schema[], path, _, check) =>
    schemas.some(schema => check(value, schema, path).length === 0)
      ? []
      : [`${path}: fits 0 of ${schemas.length} forms, expected at least one`],
};
const ANNOTATIONS = ['$schema', '$id', '$comment', '$defs', 'definitions', 'title', 'description', 'format'];

/** Returns the places where a value differs from the schema. Throws for a keyword that it does not know. */
export function checkSchema(value: unknown, root: Schema, path: string): string[] {
  const definition = (reference: string): Schema => {
    const [, group = '', name = ''] = /^#\/(\$defs|definitions)\/(\w+)$/.exec(reference) ?? [];
    const found = (root[group] as Record<string, Schema> | undefined)?.[name];
    if (!found) throw new Error(`the schema refers to ${reference}, which it does not have`);
    return found;
  };
  const check: Check = (value, schema, path) =>
    Object.entries(schema).flatMap(([keyword, argument]) => {
      if (ANNOTATIONS.includes(keyword)) return [];
      if (keyword === '$ref') return check(value, definition(argument as string), path);
      const test = KEYWORDS[keyword];
      if (!test) throw new Error(`the schema uses "${keyword}", which this checker does not know`);
      return test(value, argument as never, path, schema, check);
    });
  return check(value, root, path);
}
