import { body, type PlainType } from '../../abi/encode.ts';
import type { Random } from './random.ts';
import { FEATURES, type Items, type Type } from './random-items.ts';

type NumberType = 'i32' | 'i64' | 'f32' | 'f64';

const INTEGER = 'add sub mul and or xor shl shr_s shr_u rotl rotr div_s div_u rem_s rem_u'.split(' ');
const FLOAT = 'add sub mul div min max copysign'.split(' ');
const COMPARE_INTEGERS = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split(' ');
const COMPARE_FLOATS = 'eq ne lt gt le ge'.split(' ');
const isInteger = (type: PlainType) => type === 'i32' || type === 'i64';

/** Instructions with one operand, by the type of their result. */
const UNARY: Readonly<Record<NumberType, readonly (readonly [operand: NumberType, name: string])[]>> = {
  i32: [
    ...(['eqz', 'clz', 'ctz', 'popcnt', 'extend8_s'].map(name => ['i32', `i32.${name}`]) as [
      'i32',
      string,
    ][]),
    ['i64', 'i32.wrap_i64'],
    ['i64', 'i64.eqz'],
    ['f32', 'i32.trunc_sat_f32_s'],
    ['f64', 'i32.trunc_sat_f64_u'],
    ['f64', 'i32.trunc_f64_s'],
  ],
  i64: [
    ['i64', 'i64.popcnt'],
    ['i64', 'i64.extend32_s'],
    ['i32', 'i64.extend_i32_u'],
    ['i32', 'i64.extend_i32_s'],
    ['f64', 'i64.trunc_sat_f64_s'],
  ],
  f32: [
    ['f32', 'f32.neg'],
    ['f32', 'f32.sqrt'],
    ['i32', 'f32.convert_i32_s'],
    ['f64', 'f32.demote_f64'],
  ],
  f64: [
    ['f64', 'f64.abs'],
    ['f64', 'f64.nearest'],
    ['i64', 'f64.convert_i64_u'],
    ['f32', 'f64.promote_f32'],
  ],
};
/** Loads by the type of their result, and stores by the type of the value. No float is stored: engines choose the bits of NaN. */
const LOADS: Readonly<Record<NumberType, readonly string[]>> = {
  i32: ['i32.load', 'i32.load8_u', 'i32.load16_s'],
  i64: ['i64.load', 'i64.load32_u', 'i64.load8_s'],
  f32: ['f32.load'],
  f64: ['f64.load'],
};
const STORES = { i32: ['i32.store', 'i32.store8'], i64: ['i64.store', 'i64.store32'] } as const;

/** Writes the code of random functions. Every piece of code leaves the stack as its name says, so that all of it is valid. */
export class RandomCode {
  readonly #random: Random;
  readonly #items: Items;
  #self: Type = { params: [], results: [] };
  #locals: PlainType[] = [];
  /** Types that a branch to each label takes, the innermost label last. */
  #labels: (readonly PlainType[])[] = [];

  constructor(random: Random, items: Items) {
    this.#random = random;
    this.#items = items;
  }

  functionBody(type: Type): number[] {
    const random = this.#random;
    const locals = Array.from({ length: random.below(4) }, () =>
      random.pick<PlainType>(['i32', 'i32', 'i64', 'f32', 'f64', 'funcref']),
    );
    this.#self = type;
    this.#locals = [...type.params, ...locals];
    this.#labels = [type.results];
    return body(
      [...this.#burn(), ...this.#statements(4), ...type.results.flatMap(result => this.#value(result, 2))],
      locals,
    );
  }

  constant(type: PlainType): string {
    const random = this.#random;
    switch (type) {
      case 'i32':
        return `i32.const ${random.pick([0, 1, -1, random.below(100), random.u32() | 0])}`;
      case 'i64':
        return `i64.const ${random.pick([0n, 1n, -1n, BigInt.asIntN(64, random.u64())])}`;
      case 'f32':
      case 'f64':
        return `${type}.const ${random.pick([0, 1, -0.5, 1e9, 'NaN', 'Infinity'])}`;
      default:
        return random.below(2) ? 'ref.null' : `ref.func ${random.below(this.#items.functions.length)}`;
    }
  }

  /** Traps if the fuel is used up, else uses one unit of it. */
  #burn(): string[] {
    const { fuel } = this.#items;
    if (fuel === null) return [];
    return [
      ...[`global.get ${fuel}`, 'i32.eqz', 'if', 'unreachable', 'end'],
      ...[`global.get ${fuel}`, 'i32.const 1', 'i32.sub', `global.set ${fuel}`],
    ];
  }

  #index = (count: number) => this.#random.below(count);
  /** A random index of an item that fits; undefined if no item fits. */
  #find<T>(items: readonly T[], fits: (item: T, index: number) => boolean): number | undefined {
    const fitting = items.flatMap((item, index) => (fits(item, index) ? [index] : []));
    return fitting.length > 0 ? this.#random.pick(fitting) : undefined;
  }

  /** Runs `write` with one more label, to which a branch takes these types. */
  #within(label: readonly PlainType[], write: () => string[]): string[] {
    this.#labels.push(label);
    const written = write();
    this.#labels.pop();
    return written;
  }

  #onlyIf = (condition: readonly string[], write: () => string[]) => [
    ...[...condition, 'if', ...this.#within([], write), 'end'],
  ];
  #values = (types: readonly PlainType[], depth: number) => types.flatMap(type => this.#value(type, depth));
  #drops = (types: readonly PlainType[]) => types.map(() => 'drop');
  /** An i32 below `limit`, a power of two; in one of 20 cases any i32. */
  #small = (limit: number, depth: number) =>
    this.#random.below(20) === 0
      ? this.#value('i32', depth)
      : [...this.#value('i32', depth), `i32.const ${limit - 1}`, 'i32.and'];

  /** Pushes one value. */
  #value(type: PlainType, depth: number): string[] {
    const random = this.#random;
    const local = this.#find(this.#locals, item => item === type);
    const leaves: (() => string[])[] = [() => [this.constant(type)]];
    if (local !== undefined) leaves.push(() => [`local.get ${local}`]);
    const global = this.#find(this.#items.globals, item => item.type === type);
    if (global !== undefined) leaves.push(() => [`global.get ${global}`]);
    if (depth <= 0) return random.pick(leaves)();
    const inner = (wanted: PlainType) => this.#value(wanted, depth - 1);
    const nodes: (() => string[])[] = [
      ...leaves,
      () => ['block', ...this.#within([], () => this.#statements(depth - 2)), 'end', ...inner(type)],
      () => [
        `block ${type}`,
        ...this.#within([type], () => [...this.#statements(depth - 2), ...inner(type)]),
        'end',
      ],
      () => [
        ...[...inner('i32'), `if ${type}`, ...this.#within([type], () => inner(type))],
        ...['else', ...this.#within([type], () => inner(type)), 'end'],
      ],
      ...(local === undefined ? [] : [() => [...inner(type), `local.tee ${local}`]]),
    ];
    const callee = this.#find(this.#items.functions, item =>
      this.#isOnly(this.#items.types[item]!.results, type),
    );
    if (callee !== undefined) nodes.push(() => this.#call(callee, depth - 1));
    if (type === 'funcref') {
      const table = this.#index(this.#items.tables.length);
      nodes.push(() => [...this.#small(8, depth - 1), `table.get ${table}`]);
    } else nodes.push(...this.#numbers(type as NumberType, inner, depth));
    return random.pick(nodes)();
  }

  #isOnly = (types: readonly PlainType[], type: PlainType) => types.length === 1 && types[0] === type;

  #numbers(type: NumberType, inner: (wanted: PlainType) => string[], depth: number): (() => string[])[] {
    const random = this.#random;
    const { memories, tables } = this.#items;
    const nodes: (() => string[])[] = [
      () => [...inner(type), ...inner(type), `${type}.${random.pick(isInteger(type) ? INTEGER : FLOAT)}`],
      () => {
        const [operand, name] = random.pick(UNARY[type]);
        return [...inner(operand), name];
      },
      () => [...this.#small(4096, depth - 1), `${random.pick(LOADS[type])} ${random.below(300)}`],
      () => [...inner(type), ...inner(type), ...inner('i32'), 'select'],
    ];
    if (type !== 'i32') return nodes;
    const compared = random.pick<PlainType>(['i32', 'i64', 'f32', 'f64']);
    const compare = random.pick(isInteger(compared) ? COMPARE_INTEGERS : COMPARE_FLOATS);
    return [
      ...nodes,
      () => [...inner(compared), ...inner(compared), `${compared}.${compare}`],
      () => [`memory.size ${this.#index(memories.length)}`],
      () => [`table.size ${this.#index(tables.length)}`],
      () => [...inner('funcref'), 'ref.is_null'],
      () => [...inner('i32'), 'i32.const 1', 'i32.and', `memory.grow ${this.#index(memories.length)}`],
    ];
  }

  /** Calls a function in one of three ways, and leaves its results. */
  #call(callee: number, depth: number): string[] {
    const type = this.#items.functions[callee]!;
    const args = this.#values(this.#items.types[type]!.params, depth);
    const place = this.#find(this.#items.elements, item => this.#items.functions[item] === type);
    if (place === undefined || this.#random.below(2)) return [...args, `call ${callee}`];
    const index = this.#random.below(4) ? [`i32.const ${place}`] : this.#small(8, depth);
    return [...args, ...index, `call_indirect ${type} 0`];
  }

  /** Code that neither needs nor leaves a value. */
  #statements(depth: number): string[] {
    if (depth <= 0) return [];
    return Array.from({ length: 1 + this.#random.below(3) }, () => this.#statement(depth)).flat();
  }

  #statement(depth: number): string[] {
    const random = this.#random;
    const { types, functions, globals, fuel } = this.#items;
    const value = (type: PlainType) => this.#value(type, depth - 1);
    const inside = () => this.#statements(depth - 1);
    const [local, global] = [this.#index(this.#locals.length), this.#index(globals.length)];
    const callee = this.#index(functions.length);
    const type = random.pick(types.filter(({ params }) => !params.includes('funcref')));
    const typeIndex = types.indexOf(type);
    const store = random.pick(['i32', 'i64'] as const);
    const kinds: (() => string[])[] = [
      () => (this.#locals.length > 0 ? [...value(this.#locals[local]!), `local.set ${local}`] : ['nop']),
      () =>
        globals[global]!.mutable && global !== fuel
          ? [...value(globals[global]!.type), `global.set ${global}`]
          : [],
      () => [
        ...this.#small(4096, depth - 1),
        ...value(store),
        `${random.pick(STORES[store])} ${random.below(300)}`,
      ],
      () => [...value('i32'), 'call 0'],
      () => ['block', ...this.#within([], inside), 'end'],
      () => this.#loop(depth),
      () => this.#loop(depth),
      () => this.#onlyIf(value('i32'), inside),
      () => [
        ...[...value('i32'), 'if', ...this.#within([], inside)],
        ...['else', ...this.#within([], inside), 'end'],
      ],
      () => [...this.#call(callee, depth - 1), ...this.#drops(types[functions[callee]!]!.results)],
      // A block with parameters and several results.
      () => [
        ...[...this.#values(type.params, depth - 1), `block ${typeIndex}`],
        ...this.#within(type.results, () => [
          ...this.#drops(type.params),
          ...this.#values(type.results, depth - 2),
        ]),
        ...['end', ...this.#drops(type.results)],
      ],
      () => this.#leave(depth),
      () => this.#branchTable(depth),
      () => this.#bulk(depth),
      ...this.#exceptions(depth),
    ];
    return random.pick(kinds)();
  }

  /** A loop that goes on while a value is not 0. In one of four cases its turns take a parameter. */
  #loop(depth: number): string[] {
    const turn = () => [...this.#burn(), ...this.#statements(depth - 1)];
    const typeIndex = this.#find(
      this.#items.types,
      ({ params, results }) => params.length === 1 && params[0] !== 'funcref' && results.length === 0,
    );
    if (typeIndex === undefined || this.#random.below(4))
      return ['loop', ...this.#within([], () => [...turn(), ...this.#value('i32', 1), 'br_if 0']), 'end'];
    const [param] = this.#items.types[typeIndex]!.params;
    return [
      ...[...this.#value(param!, depth - 1), `loop ${typeIndex}`],
      ...this.#within([param!], () => [
        ...['drop', ...turn(), ...this.#value(param!, 1), ...this.#value('i32', 1), 'br_if 0', 'drop'],
      ]),
      'end',
    ];
  }

  /** Leaves a block, or the function, if a value is not 0. */
  #leave(depth: number): string[] {
    const random = this.#random;
    const label = random.below(this.#labels.length);
    const taken = this.#labels.at(-1 - label)!;
    const { results } = this.#self;
    const { functions, types } = this.#items;
    const condition = this.#value('i32', depth - 1);
    const tail = FEATURES.tailCalls
      ? this.#find(functions, item => String(types[item]!.results) === String(results))
      : undefined;
    const ways: (() => string[])[] = [
      () => [...this.#values(taken, 1), ...condition, `br_if ${label}`, ...this.#drops(taken)],
      () => this.#onlyIf(condition, () => [...this.#values(taken, 1), `br ${label + 1}`]),
      () => this.#onlyIf(condition, () => [...this.#values(results, 1), 'return']),
    ];
    if (tail !== undefined) {
      const { params } = types[functions[tail]!]!;
      ways.push(() => this.#onlyIf(condition, () => [...this.#values(params, 1), `return_call ${tail}`]));
    }
    return random.pick(ways)();
  }

  #branchTable(depth: number): string[] {
    return [
      'block',
      ...this.#within([], () => {
        const fitting = this.#labels.flatMap((types, at) =>
          types.length === 0 ? [this.#labels.length - 1 - at] : [],
        );
        const targets = Array.from({ length: 1 + this.#random.below(5) }, () => this.#random.pick(fitting));
        return [
          ...this.#statements(depth - 1),
          ...this.#small(4, depth - 1),
          `br_table ${targets.join(' ')}`,
        ];
      }),
      'end',
    ];
  }

  #bulk(depth: number): string[] {
    const random = this.#random;
    const { memories, tables, dataCount } = this.#items;
    const [memory, other] = [this.#index(memories.length), this.#index(memories.length)];
    const [table, from] = [this.#index(tables.length), this.#index(tables.length)];
    const data = random.below(dataCount);
    const sizes = (...limits: number[]) => limits.flatMap(limit => this.#small(limit, depth - 2));
    return random.pick<() => string[]>([
      () => [...sizes(4096, 256, 1024), `memory.fill ${memory}`],
      () => [...sizes(4096, 4096, 1024), `memory.copy ${memory} ${other}`],
      () => [...sizes(4096, 8, 8), `memory.init ${data} ${memory}`],
      () => [`data.drop ${data}`],
      () => [...sizes(8), ...this.#value('funcref', depth - 2), `table.set ${table}`],
      () => [...sizes(4, 2, 2), `table.init 1 ${table}`],
      () => [...sizes(4, 4, 4), `table.copy ${table} ${from}`],
      () => [...sizes(4), ...this.#value('funcref', depth - 2), ...sizes(4), `table.fill ${table}`],
      () => [...this.#value('funcref', depth - 2), 'i32.const 1', `table.grow ${table}`, 'drop'],
      () => ['elem.drop 1'],
    ])();
  }

  #exceptions(depth: number): (() => string[])[] {
    const { tags, types, exceptions } = this.#items;
    if (tags.length === 0) return [];
    const tag = this.#index(tags.length);
    const { params } = types[tags[tag]!]!;
    const inside = () => this.#statements(depth - 1);
    const raise = () =>
      this.#onlyIf(this.#value('i32', depth - 1), () => [...this.#values(params, depth - 1), `throw ${tag}`]);
    const block = params.length > 0 ? `block ${params[0]}` : 'block';
    const ways = [raise];
    if (exceptions === 'older') {
      const end = this.#random.pick([['end'], ['rethrow 0', 'end']]);
      ways.push(() => [
        ...['try', ...this.#within([], () => [...inside(), ...raise()])],
        ...[`catch ${tag}`, ...this.#within([], () => [...this.#drops(params), ...inside()])],
        ...['catch_all', ...this.#within([], inside), ...end],
      ]);
    }
    if (exceptions === 'newer') {
      const attempt = () => [...inside(), ...raise()];
      ways.push(() => [
        ...[
          block,
          ...this.#within(params, () => [
            ...[`try_table catch ${tag} 0`, ...this.#within([], attempt), 'end'],
            ...this.#values(params, 1),
          ]),
        ],
        ...['end', ...this.#drops(params)],
      ]);
      ways.push(() => [
        ...[
          'block',
          ...this.#within([], () => ['try_table catch_all 0', ...this.#within([], attempt), 'end']),
          'end',
        ],
      ]);
    }
    return ways;
  }
}
