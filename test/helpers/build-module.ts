import {
  body as bodyOf,
  type Code,
  code,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  importItem,
  limits,
  type PlainType,
  tableType,
  unsigned,
} from '../../abi/encode.ts';

export interface FunctionShape {
  params?: readonly PlainType[];
  results?: readonly PlainType[];
}

type Import = { module: string; name: string } & (
  | (FunctionShape & { kind?: 'function' })
  | { kind: 'memory'; pages: number }
  | { kind: 'global'; type: PlainType; mutable?: boolean }
  | { kind: 'table'; size: number }
);

export interface ModuleShape {
  imports?: readonly Import[];
  /** Exported functions. `body` is their code without the final `end`; `call` may name an imported or exported function. */
  functions?: readonly (FunctionShape & { name: string; body: Code; locals?: readonly PlainType[] })[];
  /** Pages of a memory exported as `memory`. */
  memoryPages?: number;
  memoryMaxPages?: number;
  /** An exported i32 that can change. */
  global?: { name: string; value: number };
  /** An exported table of functions. */
  table?: { name: string; size: number };
  /** An imported memory that is exported again. */
  reexportedMemory?: string;
  /** Index of the function that runs at instantiation. */
  start?: number;
}

const isFunction = (item: Import): item is Import & FunctionShape => (item.kind ?? 'function') === 'function';

function importType(item: Import, functionIndex: number): number[] {
  switch (item.kind) {
    case 'memory':
      return limits({ min: item.pages });
    case 'global':
      return globalType(item.type, item.mutable ?? false);
    case 'table':
      return tableType({ min: item.size });
    default:
      return unsigned(functionIndex);
  }
}

/** A small module for tests that are about a few imports or exports. Imports come first in the index spaces. */
export function buildModule({
  imports = [],
  functions = [],
  memoryPages,
  memoryMaxPages,
  global,
  table,
  reexportedMemory,
  start,
}: ModuleShape): Uint8Array<ArrayBuffer> {
  const imported = imports.filter(isFunction);
  const count = (kind: Import['kind']) => imports.filter(item => item.kind === kind).length;
  const names = [...imported, ...functions].map(({ name }) => name);
  return encodeModule({
    type: [...imported, ...functions].map(({ params = [], results = [] }) => functionType(params, results)),
    import: imports.map(item => {
      const type = importType(item, imported.indexOf(item as Import & FunctionShape));
      return importItem(item.module, item.name, item.kind ?? 'function', type);
    }),
    function: functions.map((_, index) => unsigned(imported.length + index)),
    table: table ? [tableType({ min: table.size })] : [],
    memory: memoryPages === undefined ? [] : [limits({ min: memoryPages, max: memoryMaxPages })],
    global: global ? [[...globalType('i32', true), ...code([`i32.const ${global.value}`, 'end'])]] : [],
    export: [
      ...functions.map(({ name }, index) => exportItem(name, 'function', imported.length + index)),
      ...(memoryPages === undefined ? [] : [exportItem('memory', 'memory', count('memory'))]),
      ...(reexportedMemory ? [exportItem(reexportedMemory, 'memory', 0)] : []),
      ...(global ? [exportItem(global.name, 'global', count('global'))] : []),
      ...(table ? [exportItem(table.name, 'table', count('table'))] : []),
    ],
    ...(start !== undefined && { start }),
    code: functions.map(({ body, locals }) => bodyOf(body, locals, names)),
  });
}
