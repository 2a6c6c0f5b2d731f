import {
  body,
  code,
  dataItem,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  importItem,
  limits,
  type PlainType,
  tableType,
  unsigned,
  vector,
} from '../../abi/encode.ts';
import { readModule } from '../../src/wasm/reader.ts';
import type { ExternType, ValueType } from '../../src/wasm/types.ts';
import { Random } from './random.ts';
import { RandomCode } from './random-code.ts';
import { type Items, randomItems } from './random-items.ts';

/** Function entries and loop turns of one call. */
const FUEL = 300;

/** Wraps a loop that never ends in blocks, loops and conditions. */
function endlessLoop(random: Random, exceptions: Items['exceptions'], self: number): string[] {
  let inner = random.below(8) === 0 ? [`call ${self}`] : ['loop', 'br 0', 'end'];
  const wraps: (() => string[])[] = [
    () => ['block', ...inner, 'end'],
    () => ['loop', ...inner, 'br 0', 'end'],
    () => ['i32.const 1', 'if', ...inner, 'else', 'nop', 'end'],
    () => ['block', 'i32.const 0', 'br_table 0 0', 'end', ...inner],
    ...(exceptions === 'older' ? [() => ['try', ...inner, 'catch_all', 'end']] : []),
    ...(exceptions === 'newer' ? [() => ['block', 'try_table catch_all 0', ...inner, 'end', 'end']] : []),
  ];
  for (let depth = random.below(5); depth > 0; depth--) inner = random.pick(wraps)();
  return inner;
}

/**
 * Makes a valid module. Its functions use loops, blocks, conditions, branch tables, calls of all kinds, memories, tables,
 * globals, exceptions and bulk operations. They end within `FUEL` function entries and loop turns. With `endless` they may
 * run for ever, and the export `endless` does.
 */
export function randomModule(
  random: Random,
  { endless = false } = {},
): { bytes: Uint8Array<ArrayBuffer>; items: Items } {
  const items = randomItems(random, endless);
  const { types, functions, tables, memories, globals, tags, elements, dataCount, fuel } = items;
  const own = <T extends { imported: boolean }>(all: readonly T[]) => all.filter(({ imported }) => !imported);
  const writer = new RandomCode(random, items);
  const bodies = functions.slice(1).map(type => writer.functionBody(types[type]!));
  const ownTypes = functions.slice(1);
  if (endless) {
    ownTypes.push(1);
    bodies.push(body(endlessLoop(random, items.exceptions, functions.length)));
  }
  const initial = (type: PlainType, index: number) =>
    index === fuel ? `i32.const ${FUEL}` : writer.constant(type);
  const bytes = encodeModule({
    type: types.map(({ params, results }) => functionType(params, results)),
    import: [
      importItem('host', 'log', 'function', [0]),
      ...tables.flatMap((table, index) =>
        table.imported ? [importItem('host', `table${index}`, 'table', tableType(table))] : [],
      ),
      ...memories.flatMap((memory, index) =>
        memory.imported ? [importItem('host', `memory${index}`, 'memory', limits(memory))] : [],
      ),
      ...globals.flatMap(({ imported, type, mutable }, index) =>
        imported ? [importItem('host', `global${index}`, 'global', globalType(type, mutable))] : [],
      ),
    ],
    function: ownTypes.map(unsigned),
    table: own(tables).map(table => tableType(table)),
    memory: own(memories).map(limits),
    tag: tags.map(type => [0, ...unsigned(type)]),
    global: globals.flatMap(({ imported, type, mutable }, index) =>
      imported ? [] : [[...globalType(type, mutable), ...code([initial(type, index), 'end'])]],
    ),
    export: [
      ...ownTypes.map((_, index) =>
        exportItem(index < functions.length - 1 ? `f${index}` : 'endless', 'function', index + 1),
      ),
      ...memories.map((_, index) => exportItem(`memory${index}`, 'memory', index)),
      ...globals.map((_, index) => exportItem(index === fuel ? 'fuel' : `global${index}`, 'global', index)),
    ],
    ...(random.below(4) === 0 && { start: 1 }),
    element: [
      // Active at the start of table 0, passive, and declared for `ref.func`. Core specification 3.0, section 5.5.12.
      [0, ...code(['i32.const 0', 'end']), ...vector(elements.map(unsigned))],
      [1, 0, ...vector(elements.map(unsigned))],
      [3, 0, ...vector(functions.map((_, index) => unsigned(index)))],
    ],
    'data count': [unsigned(dataCount)],
    code: bodies,
    data: Array.from({ length: dataCount }, () =>
      dataItem(random.below(2) ? random.below(1000) : null, [...random.bytes(random.below(40))]),
    ),
  });
  return { bytes, items };
}

/** Changes, takes out, repeats or inserts bytes, mostly in the part with lists that comes before the code. */
export function damage(random: Random, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let damaged = bytes;
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(random.below(4) ? Math.min(damaged.length, 300) : damaged.length);
    const [before, after] = [damaged.subarray(0, at), damaged.subarray(at)];
    const size = random.below(8);
    damaged = Uint8Array.from(
      random.pick([
        () => [...before, random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]), ...after.subarray(1)],
        () => [...before, after[0]! ^ (1 << random.below(8)), ...after.subarray(1)],
        () => [...before, ...after.subarray(size)],
        () => [...before, ...after.subarray(0, size), ...after],
        () => [...before, ...random.bytes(size), ...after],
      ])(),
    );
  }
  return damaged;
}

/** The most entries of a log. An endless function may write any number. */
const MAX_LOGGED = 1000;

/** A value of this type for JavaScript to pass. */
const argument = (random: Random, type: ValueType) => {
  if (type === 'i64') return BigInt.asIntN(64, random.u64());
  return type === 'funcref' ? null : random.pick([0, 1, -1, 0.5, random.below(100), random.u32() | 0]);
};

const show = (value: unknown): string => (Object.is(value, -0) ? '-0' : String(value));
const outcomeOf = (run: () => unknown): string => {
  try {
    return [run()].flat().map(show).join(' ');
  } catch (error) {
    // JavaScriptCore adds the source text of the call.
    const message = (error as Error).message?.replace(/ \(evaluating .*/s, '');
    return `${(error as Error).constructor.name}: ${message}`;
  }
};

/** Makes an import of this type. */
function provide(random: Random, item: ExternType, log: (value: number) => void): WebAssembly.ImportValue {
  const { kind, type } = item;
  if (kind === 'memory')
    return new WebAssembly.Memory({
      initial: type!.initialPages,
      ...(type!.maxPages !== null && { maximum: type!.maxPages }),
    });
  if (kind === 'table')
    return new WebAssembly.Table({ element: 'anyfunc', initial: type!.initial, maximum: type!.max! });
  if (kind !== 'global') return log;
  const { value, mutable } = type!;
  return new WebAssembly.Global({ value: value as 'i32', mutable }, argument(random, value) as number);
}

/**
 * Runs every export of a module of `randomModule`, and lists all that can be observed: results, traps, calls of the host,
 * memories and globals.
 * @param bytes the module, or the same after a transform
 * @param arm called with the new instance before anything else
 */
export function observe(
  original: Uint8Array,
  bytes: BufferSource,
  arm: (instance: WebAssembly.Instance) => void = () => {},
): string[] {
  const random = new Random(original.length);
  const seen: string[] = [];
  const log = (value: number) => void (seen.length < MAX_LOGGED && seen.push(`log ${value}`));
  const { imports, exports } = readModule(original);
  const host = Object.fromEntries(imports.map(item => [item.name, provide(random, item, log)]));
  let instance: WebAssembly.Instance | undefined;
  const made = outcomeOf(() => {
    instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host });
    arm(instance);
    return 'made';
  });
  if (!instance || made !== 'made') return [...seen, made];
  const own = instance.exports;
  for (const { name, kind, type } of exports) {
    if (kind === 'function') {
      const args = type!.params.map(param => argument(random, param));
      if (own.fuel) (own.fuel as WebAssembly.Global).value = FUEL;
      seen.push(`${name} ${outcomeOf(() => (own[name] as (...args: unknown[]) => unknown)(...args))}`);
    }
    if (kind === 'global') seen.push(`${name} ${show((own[name] as WebAssembly.Global).value)}`);
    if (kind === 'memory') seen.push(`${name} ${sumOf((own[name] as WebAssembly.Memory).buffer)}`);
  }
  return seen;
}

const sumOf = (buffer: ArrayBuffer): string => {
  const words = new Int32Array(buffer);
  let sum = 0;
  for (const word of words) sum = (Math.imul(sum, 31) + word) | 0;
  return `${words.length} words, ${sum}`;
};
