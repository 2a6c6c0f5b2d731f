import type { KernelTier } from '../../abi/index.ts';
import { Random } from '../helpers/random.ts';
import { type Both, DIFFERENCES, type Outcome } from './differences.ts';
import { type Address, describeStep, randomStep, type Step } from './program.ts';
import { type Answer, officialSubject, plugboardSubject, type Subject } from './subjects.ts';

const SIDES = ['official', 'ours'] as const;
type Side = (typeof SIDES)[number];

const ROUNDS = 3;
const STEPS = 150;
const TAKE_HANDLES = ['free', 'length', 'length_unsafe', 'error_set'];
const SIZES: Record<string, number> = { load_u8: 1, store_u8: 1, load_u64: 8, store_u64: 8 };

interface Block {
  at: Both<bigint>;
  length: number;
  isLive: boolean;
}

const both = <T>(of: (side: Side) => T): Both<T> => ({ official: of('official'), ours: of('ours') });
const hex = (bytes: Iterable<number>) =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** Describes two outputs; long ones are cut around the first difference. */
function describeDifference({ official, ours }: Both<string>): string {
  const at = Array.from(official).findIndex((char, index) => char !== ours[index]);
  const start = Math.max(0, at - 30);
  const excerpt = (text: string) => `${start > 0 ? '…' : ''}${text.slice(start, start + 100)}`;
  return `official ${excerpt(official)}, ours ${excerpt(ours)}`;
}

/**
 * Runs one random program on the official kernel and on ours. The kernels place blocks at different addresses, so an address is
 * a block and an offset, and a byte is compared only if it is the same byte of the same block on both.
 */
export class Comparison {
  readonly #module: WebAssembly.Module;
  readonly #tier: KernelTier;
  readonly #seed: number;
  readonly #met: Map<string, number>;
  #subjects!: Both<Subject>;
  #blocks: Block[] = [];
  #input: Both<bigint> = both(() => 0n);
  #inputLength = 0n;
  /** The handle passed to error_set, with its block and text at that time. */
  #error: { handle: Both<bigint>; block: Block | null; text: string | null } | null = null;
  /** Addresses outside blocks, in the official memory, that the program wrote to. */
  #strays = new Set<bigint>();
  #where = '';

  constructor(module: WebAssembly.Module, tier: KernelTier, seed: number, met: Map<string, number>) {
    this.#module = module;
    this.#tier = tier;
    this.#seed = seed;
    this.#met = met;
    this.#restart();
  }

  /** @throws {Error} with the seed, the step and the difference */
  run(): void {
    const random = new Random(this.#seed);
    for (let round = 0; round < ROUNDS; round++) {
      this.#where = `call ${round}`;
      this.#begin(random.bytes(random.below(40)));
      let goesOn = true;
      for (let at = 0; at < STEPS && goesOn; at++) {
        const step = randomStep(
          random,
          this.#blocks.map(({ length }) => length),
        );
        this.#where = `call ${round}, step ${at}, ${describeStep(step)}`;
        goesOn = this.#step(step);
      }
      if (goesOn) this.#end();
      else this.#restart();
    }
  }

  #restart(): void {
    this.#subjects = { official: officialSubject(this.#module), ours: plugboardSubject(this.#tier) };
    this.#strays.clear();
  }

  #begin(input: Uint8Array): void {
    this.#forget();
    for (const side of SIDES) this.#subjects[side].begin(input);
    this.#input = both(side => this.#subjects[side].call('input_offset') as bigint);
    this.#inputLength = BigInt(input.length);
    if (input.length > 0) this.#blocks.push({ at: this.#input, length: input.length, isLive: true });
  }

  #forget(): void {
    this.#blocks = [];
    this.#error = null;
    this.#input = both(() => 0n);
    this.#inputLength = 0n;
  }

  /** Runs a step. Returns whether the call goes on. */
  #step(step: Step): boolean {
    const at = both(side => this.#resolve(side, step.address));
    if (TAKE_HANDLES.includes(step.name) && !this.#meansTheSame(at)) return true;
    const end = both(side => this.#subjects[side].end());
    const isHandle = this.#blocks.some(({ at: { ours }, isLive }) => isLive && ours === at.ours);
    const before = both(side => this.#ranges(side));
    const args = [...(step.address ? ['address'] : []), ...(step.value === undefined ? [] : ['value'])];
    const answer = both(side =>
      this.#subjects[side].call(step.name, ...args.map(arg => (arg === 'address' ? at[side] : step.value!))),
    );
    const arenaEnd = 65n + (this.#subjects.official.call('memory_bytes') as bigint);
    const seen = this.#observe(step, at, answer, before);
    const error = 'none';
    let goesOn = this.#judge({ step, at, answer, seen, end, arenaEnd, isHandle, error });
    if (step.name.startsWith('store_')) goesOn = this.#noteStore(step, at) && goesOn;
    if (step.name === 'alloc' && answer.ours !== 0n && answer.official !== 0n) {
      this.#noteBlock(answer as Both<bigint>, Number(step.value));
    }
    return goesOn;
  }

  /** Whether an address is a handle of the same block on both. An address outside a block may be the handle of another block. */
  #meansTheSame(at: Both<bigint>): boolean {
    const block = both(side => this.#blocks.findLastIndex(item => item.at[side] === at[side]));
    const isInput = both(side => at[side] === this.#input[side]);
    return block.official === block.ours && isInput.official === isInput.ours;
  }

  /**
   * Fails unless both outcomes are equal or differ in a known way, which is counted. Returns whether the kernels are still
   * equal.
   */
  #judge(outcome: Outcome): boolean {
    if (outcome.seen.official === outcome.seen.ours) return true;
    const difference = DIFFERENCES.find(item => item.is(outcome));
    if (!difference) this.#fail(describeDifference(outcome.seen));
    this.#meet(difference.row);
    return !difference.diverges;
  }

  #meet(row: string): void {
    this.#met.set(row, (this.#met.get(row) ?? 0) + 1);
  }

  #fail(what: string): never {
    throw new Error(`seed ${this.#seed}, ${this.#tier}: ${this.#where}: ${what}`);
  }

  #resolve(side: Side, address: Address | undefined): bigint {
    if (!address) return 0n;
    const bases = {
      zero: () => 0n,
      end: () => this.#subjects[side].end(),
      block: () => (address.from === 'block' ? this.#blocks[address.block]!.at[side] : 0n),
    };
    return BigInt.asUintN(64, bases[address.from]() + address.offset);
  }

  /** Describes the effect of a step. The texts of both kernels must be equal. */
  #observe(step: Step, at: Both<bigint>, answer: Both<Answer>, before: Both<string>): Both<string> {
    const { name, value = 0n } = step;
    switch (name) {
      case 'alloc':
        return both(side =>
          answer[side] === 0n ? '0' : typeof answer[side] === 'bigint' ? 'block' : 'trap',
        );
      case 'free':
        this.#noteFree(at);
        return both(side => {
          const length = this.#subjects[side].call('length', at[side]);
          return `${answer[side]}, length ${length}, ${this.#seenInput(side)}`;
        });
      case 'load_u8':
      case 'load_u64':
        return this.#seenBytes(at, answer, SIZES[name]!);
      case 'input_load_u8':
      case 'input_load_u64': {
        const size = name === 'input_load_u8' ? 1 : 8;
        if (value + BigInt(size) > this.#inputLength) return both(side => `${answer[side]}`);
        return this.#seenBytes(
          both(side => this.#input[side] + value),
          answer,
          size,
        );
      }
      case 'input_set':
      case 'output_set':
      case 'error_set':
        return this.#seenSet(step, at, before);
      case 'error_get':
        return both(side =>
          answer[side] === (this.#error?.handle[side] ?? 0n) ? 'as set' : `${answer[side]}`,
        );
      case 'reset':
        this.#forget();
        return both(side => `${answer[side]}, ${this.#ranges(side)}`);
      default:
        return both(side => `${answer[side]}`);
    }
  }

  #seenInput(side: Side): string {
    const [offset, length] = ['input_offset', 'input_length'].map(name => this.#subjects[side].call(name));
    return `input ${offset === this.#input[side] ? '' : `at ${offset}, not ${this.#input[side]},`} of ${length}`;
  }

  /** The ranges of input and output and the error handle, on one side. */
  #ranges(side: Side): string {
    const names = ['input_offset', 'input_length', 'output_offset', 'output_length', 'error_get'];
    return names.map(name => this.#subjects[side].call(name)).join(' ');
  }

  #seenSet({ name, value = 0n }: Step, at: Both<bigint>, before: Both<string>): Both<string> {
    const seen = both(side => {
      const [inputStart, inputLength, outputStart, outputLength, error] = this.#ranges(side).split(' ');
      const now = {
        input_set: `${inputStart} ${inputLength}`,
        output_set: `${outputStart} ${outputLength}`,
        error_set: error,
      }[name];
      if (now === (name === 'error_set' ? `${at[side]}` : `${at[side]} ${value}`)) return 'set';
      return this.#ranges(side) === before[side] ? 'kept' : `changed to ${now}`;
    });
    if (seen.official === 'set' && seen.ours === 'set') {
      if (name === 'input_set') {
        this.#input = at;
        this.#inputLength = value;
      }
      if (name === 'error_set') this.#noteError(at);
    }
    return seen;
  }

  #noteError(at: Both<bigint>): void {
    const block = this.#blocks.find(item => item.isLive && item.at.ours === at.ours) ?? null;
    this.#error = at.ours === 0n ? null : { handle: at, block, text: this.#subjects.official.error() };
  }

  /** The bytes of an access. A byte that is not the same byte of the same block on both is `??`. */
  #seenBytes(at: Both<bigint>, answer: Both<Answer>, size: number): Both<string> {
    const isOutside = both(side => this.#isOutside(side, at[side], size));
    const compared = Array.from({ length: size }, (_, index) => {
      const owner = both(side => this.#ownerOf(side, at[side] + BigInt(index)));
      return (isOutside.official && isOutside.ours) || (owner.ours !== null && owner.ours === owner.official);
    });
    return both(side => {
      const value = answer[side];
      if (typeof value !== 'bigint') return value;
      return compared
        .map((isCompared, index) => (isCompared ? hex([Number((value >> BigInt(8 * index)) & 0xffn)]) : '??'))
        .join(' ');
    });
  }

  #isOutside(side: Side, address: bigint, size: number): boolean {
    const first = side === 'ours' ? address : address + BigInt(size - 1);
    return first < 64n || address + BigInt(size) > this.#subjects[side].end();
  }

  /**
   * Returns the newest block that contained this address, and the offset in it. A block of the official kernel takes some bytes
   * before its address too.
   */
  #ownerOf(side: Side, address: bigint): string | null {
    const recordBytes = side === 'official' ? 12n : 0n;
    const index = this.#blocks.findLastIndex(
      ({ at, length }) => at[side] - recordBytes <= address && address < at[side] + BigInt(length),
    );
    if (index < 0) return null;
    const offset = address - this.#blocks[index]!.at[side];
    return offset < 0n ? null : `${index} + ${offset}`;
  }

  #noteFree(at: Both<bigint>): void {
    const block = this.#blocks.find(item => item.isLive && item.at.ours === at.ours);
    if (!block) return;
    block.isLive = false;
    if (at.ours === this.#input.ours) this.#inputLength = 0n;
  }

  /** Returns whether the store had the same effect on both, as far as the program can see. */
  #noteStore({ name }: Step, at: Both<bigint>): boolean {
    const size = SIZES[name]!;
    const isOutside = both(side => this.#isOutside(side, at[side], size));
    if (isOutside.official && isOutside.ours) return true;
    if (isOutside.ours && at.ours >= 64n) {
      this.#meet('access-unreached');
      return false;
    }
    for (let index = 0n; index < BigInt(size); index++) {
      const address = both(side => at[side] + index);
      const owner = both(side => this.#ownerOf(side, address[side]));
      const isSameByte = owner.official !== null && owner.official === owner.ours;
      const isUnused = SIDES.every(side => address[side] >= this.#topOf(side) && !isOutside[side]);
      if (!isSameByte && !isUnused) {
        // The store hit different blocks on the two sides, or a block on one side only.
        this.#meet(owner.official !== null && owner.ours !== null ? 'alloc-reuse-time' : 'header-writes');
        return false;
      }
      const stored = both(side => this.#subjects[side].bytes()[Number(address[side])]);
      if (stored.official !== stored.ours && !isOutside.ours)
        this.#fail(`stored: official ${stored.official}, ours ${stored.ours}`);
      if (isUnused) this.#strays.add(address.official);
    }
    return true;
  }

  #topOf(side: Side): bigint {
    return this.#blocks.reduce((top, { at, length }) => {
      const end = at[side] + BigInt(length);
      return end > top ? end : top;
    }, 77n);
  }

  /** Checks that our new block is zero. If the official block is not, one of the known differences must be the reason. */
  #noteBlock(at: Both<bigint>, length: number): void {
    const content = both(side =>
      this.#subjects[side].bytes().subarray(Number(at[side]), Number(at[side]) + length),
    );
    if (content.ours.some(byte => byte !== 0)) this.#fail('our new block is not zero');
    const dirty = content.official.findIndex(byte => byte !== 0);
    if (dirty >= 0) {
      const address = at.official + BigInt(dirty);
      if (this.#ownerOf('official', address) !== null) this.#meet('alloc-reused');
      else if (this.#strays.has(address)) this.#meet('alloc-stray');
      else this.#fail(`the official kernel's new block holds ${content.official[dirty]} at ${dirty}`);
      content.official.fill(0);
    }
    this.#blocks.push({ at, length, isLive: true });
  }

  #end(): void {
    const shared = {
      at: both(() => 0n),
      answer: both((): Answer => 'done'),
      end: both(() => 0n),
      arenaEnd: 0n,
      isHandle: false,
    };
    this.#where = `${this.#where.split(',')[0]}, its end`;
    const output = both(side => this.#subjects[side].output());
    const start = both(side => this.#subjects[side].call('output_offset') as bigint);
    const isSame = Array.from(output.official ?? [], (_, index) => {
      const owner = both(side => this.#ownerOf(side, start[side] + BigInt(index)));
      return owner.official !== null && owner.official === owner.ours;
    });
    const seen = both(side => {
      const bytes = output[side];
      return bytes === null
        ? 'none'
        : Array.from(bytes, (byte, at) => (isSame[at] ? hex([byte]) : '??')).join(' ');
    });
    this.#judge({ ...shared, step: { name: 'end: output' }, seen, error: 'none' });

    const text = both(side => this.#subjects[side].error());
    const asSet = this.#error?.text ?? null;
    const seenText = both(side => (text[side] !== null && text[side] === asSet ? 'as set' : `${text[side]}`));
    const error = this.#errorState(text.official);
    this.#judge({ ...shared, step: { name: 'end: error' }, seen: seenText, error });
  }

  #errorState(text: string | null): Outcome['error'] {
    if (!this.#error) return 'none';
    if (!this.#error.block) return 'no block';
    if (!this.#error.block.isLive) return 'freed';
    return text === this.#error.text ? 'as set' : 'changed';
  }
}
