import {
  body,
  code,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  importItem,
  type PlainType,
  tableType,
  unsigned,
  vector,
} from '../../abi/encode.ts';
import type { Random } from './random.ts';

// Plugins of one to three modules whose functions call each other in every way, and pass references on in every way.

export interface CallsPlugin {
  /** In the order of the manifest. The last one is `main`. */
  modules: { name: string; data: Uint8Array<ArrayBuffer> }[];
}

/** Types by index, equal in all modules. Types 4 and 5 need engines with subtypes: 5 is a subtype of 4. */
const TYPES: readonly { params: readonly PlainType[]; results: number }[] = [
  { params: [], results: 0 },
  { params: ['i32'], results: 0 },
  { params: [], results: 1 },
  { params: ['funcref'], results: 0 },
  { params: [], results: 1 },
  { params: [], results: 1 },
];
const [NOTHING, NUMBER, OPEN, NARROW] = [0, 2, 4, 5];
const PLAIN_TYPES = [
  functionType([], []),
  functionType(['i32'], []),
  functionType([], ['i32']),
  functionType(['funcref'], []),
];
const SUBTYPES = [
  [0x50, 0, 0x60, 0, 1, 0x70],
  [0x50, 1, OPEN, 0x60, 0, 1, 0x64, 0x70],
];

const moduleWith = (types: readonly (readonly number[])[], type: number, ...listing: string[]) =>
  encodeModule({ type: types, function: [unsigned(type)], code: [body(listing)] });
const FEATURES = {
  tailCalls: WebAssembly.validate(moduleWith(PLAIN_TYPES, NOTHING, 'return_call 0')),
  subtypes: WebAssembly.validate(moduleWith([...PLAIN_TYPES, ...SUBTYPES], OPEN, 'ref.null')),
};

/** Functions of the host, by number: their types. */
export const HOST_TYPES: readonly number[] = [NOTHING, 1, NUMBER, NOTHING, NOTHING];
const SLOTS = 8;
const FUEL = 60;

interface Exported {
  module: string;
  functions: { name: string; type: number }[];
  tables: string[];
  globals: string[];
}

export function randomCalls(random: Random): CallsPlugin {
  const earlier: Exported[] = [];
  const names = ['one', 'two'].slice(0, random.below(3));
  const modules = [...names, 'main'].map(name => {
    const writer = new ModuleWriter(random, name, earlier);
    earlier.push(writer.exported);
    return { name, data: writer.write() };
  });
  return { modules };
}

class ModuleWriter {
  readonly exported: Exported;
  readonly #random: Random;
  readonly #imports: number[][] = [];
  /** Types of all functions by index. */
  readonly #functions: number[] = [];
  #tables = 0;
  #globals = 0;
  readonly #importedFunctions: number;
  readonly #ownTables: number;
  readonly #fuel: number;
  /** Functions that `ref.func` may name. */
  readonly #declared: number[];
  readonly #typeCount = FEATURES.subtypes ? TYPES.length : PLAIN_TYPES.length;

  constructor(random: Random, name: string, earlier: readonly Exported[]) {
    this.#random = random;
    this.exported = { module: name, functions: [], tables: [], globals: [] };
    for (const [index, type] of HOST_TYPES.entries()) {
      if (random.below(3) === 0) this.#importFunction('host', `h${index}`, type);
    }
    for (const { module, functions, tables, globals } of earlier) {
      for (const item of functions)
        if (random.below(3) === 0) this.#importFunction(module, item.name, item.type);
      for (const table of tables) {
        if (random.below(2)) continue;
        this.#imports.push(importItem(module, table, 'table', tableType({ min: SLOTS, max: SLOTS })));
        this.#tables++;
      }
      for (const global of globals) {
        if (random.below(2)) continue;
        this.#imports.push(importItem(module, global, 'global', globalType('funcref', true)));
        this.#globals++;
      }
    }
    this.#importedFunctions = this.#functions.length;
    for (let count = 2 + random.below(7); count > 0; count--)
      this.#functions.push(random.below(this.#typeCount));
    this.#ownTables = 1 + random.below(2);
    this.#tables += this.#ownTables;
    this.#fuel = this.#globals;
    this.#globals += 2;
    this.#declared = Array.from({ length: 1 + random.below(2) }, () => random.below(this.#functions.length));
  }

  #importFunction(module: string, name: string, type: number): void {
    this.#imports.push(importItem(module, name, 'function', unsigned(type)));
    this.#functions.push(type);
  }

  write(): Uint8Array<ArrayBuffer> {
    const random = this.#random;
    const some = () =>
      Array.from({ length: 1 + random.below(SLOTS) }, () => random.below(this.#functions.length));
    const reference = (index: number) => [...code([`ref.func ${index}`, 'end'])];
    const own = this.#functions.slice(this.#importedFunctions);
    const start = this.#functions.findIndex(
      (type, index) => type === NOTHING && index >= this.#importedFunctions,
    );
    const table = this.#tables - 1;
    return encodeModule({
      type: [...PLAIN_TYPES, ...(FEATURES.subtypes ? SUBTYPES : [])],
      import: this.#imports,
      function: own.map(unsigned),
      table: Array.from({ length: this.#ownTables }, () => tableType({ min: SLOTS, max: SLOTS })),
      global: [
        [...globalType('i32', true), ...code([`i32.const ${FUEL}`, 'end'])],
        [
          ...globalType('funcref', true),
          ...(random.below(2) ? reference(random.pick(this.#declared)) : code(['ref.null', 'end'])),
        ],
      ],
      export: this.#writeExports(start),
      ...(start >= 0 && random.below(3) === 0 && { start }),
      // Core specification 3.0, section 5.5.12: segments of each form.
      element: [
        [2, table, ...code(['i32.const 0', 'end']), 0, ...vector(some().map(unsigned))],
        [1, 0, ...vector(some().map(unsigned))],
        [5, 0x70, ...vector(some().map(reference))],
        [3, 0, ...vector(this.#declared.map(unsigned))],
      ],
      code: own.map(type => this.#writeBody(type)),
    });
  }

  #writeExports(start: number): number[][] {
    const random = this.#random;
    const items: number[][] = [];
    this.#functions.forEach((type, index) => {
      if (random.below(2)) return;
      const name = `f${index}`;
      items.push(exportItem(name, 'function', index));
      this.exported.functions.push({ name, type });
    });
    if (start >= 0 && random.below(4) === 0)
      items.push(exportItem(random.pick(['_initialize', '__wasm_call_ctors']), 'function', start));
    for (let index = 0; index < this.#tables; index++) {
      if (random.below(3)) continue;
      items.push(exportItem(`t${index}`, 'table', index));
      this.exported.tables.push(`t${index}`);
    }
    for (let index = 0; index < this.#globals; index++) {
      if (index === this.#fuel || random.below(3)) continue;
      items.push(exportItem(`g${index}`, 'global', index));
      this.exported.globals.push(`g${index}`);
    }
    return items;
  }

  #writeBody(type: number): number[] {
    const { params } = TYPES[type]!;
    const result = this.#resultOf(type);
    const burn = [
      ...[`global.get ${this.#fuel}`, 'i32.eqz', 'if', ...result, 'return', 'end'],
      ...[`global.get ${this.#fuel}`, 'i32.const 1', 'i32.sub', `global.set ${this.#fuel}`],
    ];
    const actions = Array.from({ length: 1 + this.#random.below(3) }, () => this.#action(params));
    return body([...burn, ...actions.flat(), ...this.#leave(type, result)]);
  }

  #resultOf(type: number): string[] {
    if (type === NUMBER) return ['i32.const 1'];
    if (type === NARROW) return [this.#someFunction()];
    return type === OPEN ? this.#reference([]) : [];
  }

  #leave(type: number, result: string[]): string[] {
    const same = this.#functions.flatMap((other, index) =>
      other === type && TYPES[other]!.params.length === 0 ? [index] : [],
    );
    const isTail = FEATURES.tailCalls && same.length > 0 && this.#random.below(4) === 0;
    return isTail ? [`return_call ${this.#random.pick(same)}`] : result;
  }

  #someFunction = (): string => `ref.func ${this.#random.pick(this.#declared)}`;
  #table = (): number => this.#random.below(this.#tables);
  #slot = (): string => `i32.const ${this.#random.below(SLOTS)}`;
  /** A global that holds a reference. */
  #global(): number {
    const index = this.#random.below(this.#globals - 1);
    return index >= this.#fuel ? index + 1 : index;
  }

  /** Pushes a reference from anywhere. */
  #reference(params: readonly PlainType[]): string[] {
    const ways: (() => string[])[] = [
      () => [this.#someFunction()],
      () => [this.#slot(), `table.get ${this.#table()}`],
      () => [`global.get ${this.#global()}`],
      ...(params[0] === 'funcref' ? [() => ['local.get 0']] : []),
    ];
    return this.#random.pick(ways)();
  }

  #args = (type: number, params: readonly PlainType[]): string[] =>
    TYPES[type]!.params.flatMap(param => (param === 'i32' ? ['i32.const 1'] : this.#reference(params)));
  #drop = (type: number): string[] => (TYPES[type]!.results > 0 ? ['drop'] : []);

  /** Calls something, or moves a reference. */
  #action(params: readonly PlainType[]): string[] {
    const random = this.#random;
    const callee = random.below(this.#functions.length);
    const type = random.pick([...this.#functions, NOTHING]);
    const calls: (() => string[])[] = [
      () => [
        ...this.#args(this.#functions[callee]!, params),
        `call ${callee}`,
        ...this.#drop(this.#functions[callee]!),
      ],
      () => [
        ...[...this.#args(type, params), this.#slot()],
        ...[`call_indirect ${type} ${this.#table()}`, ...this.#drop(type)],
      ],
      ...(FEATURES.subtypes ? [() => this.#callReference(params)] : []),
    ];
    const moves: (() => string[])[] = [
      () => [this.#slot(), ...this.#reference(params), `table.set ${this.#table()}`],
      () => [...this.#reference(params), `global.set ${this.#global()}`],
      () => [
        this.#slot(),
        ...['i32.const 0', 'i32.const 1'],
        `table.init ${1 + random.below(2)} ${this.#table()}`,
      ],
      () => [this.#slot(), this.#slot(), 'i32.const 1', `table.copy ${this.#table()} ${this.#table()}`],
      () => ['i32.const 0', ...this.#reference(params), 'i32.const 4', `table.fill ${this.#table()}`],
    ];
    // A call needs a value of the right type in its slot. Many calls of functions keep the rest from trapping at once.
    return random.pick([...calls, calls[0]!, calls[0]!, ...moves])();
  }

  #callReference(params: readonly PlainType[]): string[] {
    const callee = this.#random.pick(this.#declared);
    const type = this.#functions[callee]!;
    const called = type === NARROW && this.#random.below(2) ? OPEN : type;
    return [...this.#args(type, params), `ref.func ${callee}`, `call_ref ${called}`, ...this.#drop(type)];
  }
}
