import { SECTIONS } from '../../abi/encode.ts';
import { Cursor } from '../../src/wasm/cursor.ts';
import { readBody } from '../../src/wasm/instructions.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { nodeHost } from '../helpers/node.ts';
import { Random } from '../helpers/random.ts';
import { observe, randomModule } from '../helpers/random-module.ts';
import { CHANGES } from '../spec/changes.ts';
import type { LongCase } from './case.ts';

const SEEDS = 17_000;
/** The modules of `.ci/run`. */
const FEW_SEEDS = 2000;

/** Each runtime has seeds of its own, so that all of them together try more than 100,000 modules. */
function firstSeed(): number {
  const [name, version] = nodeHost.runtime.split(' ') as [string, string];
  const places = ['node 20', 'node 22', 'node 24', 'node 26', 'deno', 'bun'];
  const place = places.indexOf(name === 'node' ? `node ${Number.parseInt(version, 10)}` : name);
  return SEEDS * Math.max(0, place);
}

const [BULK, TABLE_GROW] = [0xfc, 15];

/** Whether the code of a module can grow a table, which `cap-total` forbids. */
function growsTables(bytes: Uint8Array): boolean {
  const code = readModule(bytes).sections.find(({ id }) => id === SECTIONS.code)!;
  const cursor = new Cursor(bytes, code.contentsOffset, code.offset + code.sizeBytes);
  let grows = false;
  cursor.each('functions', () => {
    const body = cursor.take(cursor.u32('the size of a body'), 'a body');
    readBody(new Cursor(body), (opcode, at) => {
      grows ||= opcode === BULK && body[at] === TABLE_GROW;
    });
  });
  return grows;
}

function compareModules(from: number, count: number): void {
  const changed = Object.fromEntries(CHANGES.map(({ name }) => [name, 0]));
  for (let seed = from; seed < from + count; seed++) {
    const { bytes } = randomModule(new Random(seed));
    const expected = observe(bytes, bytes);
    for (const { name, apply, check, arm } of CHANGES) {
      const after = name === 'cap-total' && growsTables(bytes) ? null : apply(bytes);
      if (!after) continue;
      changed[name]!++;
      const where = `seed ${seed}, ${name}`;
      ok(WebAssembly.validate(after), `${where}: not valid`);
      ok(check(bytes, after), `${where}: the checker refuses it`);
      equal(observe(bytes, after, arm), expected, where);
    }
  }
  console.log(`seeds ${from} to ${from + count - 1}, changed: ${JSON.stringify(changed)}`);
  for (const { name } of CHANGES) ok(changed[name]! > count / 20, `${name}: ${changed[name]} modules`);
  is(changed.fuel, count);
}

/** Generated modules without and with each transform. */
export const MODULE_CASES: readonly LongCase[] = [
  {
    name: `${FEW_SEEDS} generated modules do the same with each transform`,
    run: () => compareModules(0, FEW_SEEDS),
  },
  {
    name: `${SEEDS} generated modules of this runtime do the same with each transform`,
    run: () => compareModules(firstSeed(), SEEDS),
  },
];
