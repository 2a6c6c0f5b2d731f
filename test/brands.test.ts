import {
  bytesOf,
  isArrayBuffer,
  isBytes,
  isErrorOf,
  isMemory,
  isModule,
  isSharedBuffer,
  isUint8Array,
  viewBytes,
} from '../wasi/brands.ts';
import { equal, is } from './helpers/assert.ts';
import { buildModule } from './helpers/build-module.ts';
import { otherRealm, type Realm } from './helpers/other-realm.ts';
import { suite } from './helpers/suite.ts';

const BRANDS = { isArrayBuffer, isBytes, isMemory, isModule, isSharedBuffer, isUint8Array };
type Brand = keyof typeof BRANDS;

const WASM = buildModule({ functions: [{ name: 'nothing', body: [] }] });

/** Makes a value of a realm, and lists the brands that accept it. */
const GENUINE: Readonly<Record<string, readonly [make: (realm: Realm) => unknown, ...brands: Brand[]]>> = {
  Uint8Array: [realm => realm.Uint8Array.of(1, 2, 3), 'isBytes', 'isUint8Array'],
  'a subclass of Uint8Array': [
    realm => new (class Bytes extends realm.Uint8Array {})([1, 2, 3]),
    'isBytes',
    'isUint8Array',
  ],
  Int8Array: [realm => realm.Int8Array.of(1, 2, 3), 'isBytes'],
  DataView: [realm => new realm.DataView(realm.Uint8Array.of(0, 1, 2, 3).buffer, 1), 'isBytes'],
  ArrayBuffer: [realm => realm.Uint8Array.of(1, 2, 3).buffer, 'isArrayBuffer', 'isBytes'],
  'shared bytes': [
    realm => {
      const bytes = new realm.Uint8Array(new realm.SharedArrayBuffer(3));
      bytes.set([1, 2, 3]);
      return bytes;
    },
    'isBytes',
    'isUint8Array',
  ],
  'a lying Uint8Array': [
    realm =>
      Object.defineProperties(realm.Uint8Array.of(1, 2, 3), {
        length: { value: 1 },
        byteLength: { value: 1 },
        byteOffset: { value: 2 },
        buffer: { value: new realm.ArrayBuffer(8) },
      }),
    'isBytes',
    'isUint8Array',
  ],
  SharedArrayBuffer: [realm => new realm.SharedArrayBuffer(1), 'isSharedBuffer'],
  Memory: [realm => new realm.WebAssembly.Memory({ initial: 1 }), 'isMemory'],
  Module: [realm => new realm.WebAssembly.Module(WASM), 'isModule'],
};

const tagged = (tag: string) => ({ [Symbol.toStringTag]: tag, length: 1, byteLength: 1, buffer: null });

/** Values that `instanceof` or a class name would accept. */
const FORGED: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  'a text': () => 'text',
  'an array': () => [1, 2, 3],
  'a function': () => () => {},
  'a tag of Uint8Array': () => tagged('Uint8Array'),
  'a tag of ArrayBuffer': () => tagged('ArrayBuffer'),
  'a tag of Module': () => tagged('WebAssembly.Module'),
  'a tag of Memory': () => tagged('WebAssembly.Memory'),
  'an heir of Uint8Array': () => Object.create(Uint8Array.prototype) as unknown,
  'an heir of DataView': () => Object.create(DataView.prototype) as unknown,
  'an heir of ArrayBuffer': () => Object.create(ArrayBuffer.prototype) as unknown,
  'an heir of Memory': () => Object.create(WebAssembly.Memory.prototype) as unknown,
  'an heir of Module': () => Object.create(WebAssembly.Module.prototype) as unknown,
  'an heir of an array': () => Object.create(Uint8Array.of(1)) as unknown,
  'a proxy of an array': () => new Proxy(Uint8Array.of(1), {}),
  'a proxy of a buffer': () => new Proxy(new ArrayBuffer(1), {}),
  'a proxy of a memory': () => new Proxy(new WebAssembly.Memory({ initial: 0 }), {}),
};

const brandsOf = (value: unknown) =>
  (Object.keys(BRANDS) as Brand[]).filter(name => (BRANDS[name] as (value: unknown) => boolean)(value));

suite('brands', test => {
  for (const [realmName, realm] of [
    ['this realm', () => globalThis],
    ['another realm', otherRealm],
  ] as const) {
    for (const [name, [make, ...brands]] of Object.entries(GENUINE)) {
      test(`${name} of ${realmName} is accepted by its brands only`, () => {
        const value = make(realm());
        equal(brandsOf(value), brands);
        const isReadable = brands.includes('isBytes');
        equal(viewBytes(value), isReadable ? Uint8Array.of(1, 2, 3) : undefined);
        is(bytesOf(value) !== undefined, isReadable);
      });
    }
  }

  test('values of another realm are not instances here', () => {
    is(otherRealm().Uint8Array === Uint8Array, false);
  });

  for (const [name, make] of Object.entries(FORGED)) {
    test(`${name} has no brand`, () => {
      equal(brandsOf(make()), []);
      is(viewBytes(make()), undefined);
      is(bytesOf(make()), undefined);
    });
  }

  test('bytesOf returns an array of this class itself, and a view of a subclass', () => {
    const bytes = Uint8Array.of(1, 2);
    is(bytesOf(bytes), bytes);
    const heir = new (class Bytes extends Uint8Array {})(2);
    is(Object.getPrototypeOf(bytesOf(heir)), Uint8Array.prototype);
  });

  for (const [title, thrown, isRange] of [
    ['a RangeError', new RangeError('x'), true],
    ['a RangeError of another realm', new (otherRealm().RangeError)('x'), true],
    ['a TypeError', new TypeError('x'), false],
    ['a name alone', { name: 'RangeError' }, false],
    [
      'a name that throws',
      Object.defineProperty(new Error('x'), 'name', {
        get() {
          throw new Error('no name');
        },
      }),
      false,
    ],
  ] as const)
    test(`${title} is ${isRange ? 'a' : 'no'} RangeError`, () =>
      is(isErrorOf('RangeError', thrown), isRange));

  test('a clone keeps its brand', () => {
    equal(brandsOf(structuredClone(Uint8Array.of(1))), ['isBytes', 'isUint8Array']);
  });

  test('detached bytes keep their brand, and cannot be viewed', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    equal(brandsOf(bytes), ['isBytes', 'isUint8Array']);
    is(viewBytes(bytes)?.length ?? 0, 0);
  });

  test('the getters are those of load time', () => {
    const name = 'byteLength';
    const owner = Object.getPrototypeOf(Uint8Array.prototype) as object;
    const kept = Object.getOwnPropertyDescriptor(owner, name)!;
    Object.defineProperty(owner, name, { configurable: true, get: () => 0 });
    const view = viewBytes(Uint8Array.of(1, 2, 3));
    Object.defineProperty(owner, name, kept);
    is(view?.byteLength, 3);
  });
});
