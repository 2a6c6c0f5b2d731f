import { equal } from './helpers/assert.ts';
import { isCoded } from './helpers/coded.ts';
import { callablesOf } from './helpers/signatures.ts';
import { suite } from './helpers/suite.ts';
import { TAKERS } from './option-tables.ts';
import { ENTRIES, PUBLIC_CALLS, release, WRITTEN_BY_CALLERS } from './public-calls.ts';

const SECRET = new Error('thrown by the argument');
const raise = (): never => {
  throw SECRET;
};
const revoked = <T extends object>(target: T): T => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const detached = () => {
  const bytes = Uint8Array.of(1, 2, 3);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
};
/** Every operation on it throws. */
const poison = <T extends object>(target: T): T =>
  new Proxy(target, new Proxy({}, { get: () => raise }) as ProxyHandler<T>);
const deep = () => {
  let value: unknown = 1;
  for (let depth = 0; depth < 20_000; depth++) value = [value];
  return value;
};
const cyclic = () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
};

/** Values that no caller passes by intention. */
const HOSTILE: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  undefined: () => undefined,
  true: () => true,
  NaN: () => Number.NaN,
  '-1': () => -1,
  '1.5': () => 1.5,
  '2^53': () => 2 ** 53,
  '1e308': () => 1e308,
  '-1n': () => -1n,
  '2n^100': () => 2n ** 100n,
  'an empty text': () => '',
  'half a surrogate pair': () => '\ud800',
  'a text with NUL': () => 'a\0b',
  __proto__text: () => '__proto__',
  'a symbol': () => Symbol('secret'),
  'a function': () => () => {},
  'a function that throws': () => raise,
  'a class': () => class {},
  'an array': () => [],
  'an array with a hole': () => new Array(3),
  'an array of symbols': () => [Symbol('a')],
  'a deep array': deep,
  'an object': () => ({}),
  'an object without a prototype': () => Object.create(null) as object,
  'an object that contains itself': cyclic,
  'a getter that throws': () => ({
    get source() {
      return raise();
    },
    get type() {
      return raise();
    },
  }),
  'a text that throws': () => ({ toString: raise, valueOf: raise, toJSON: raise }),
  'a class name that throws': () => ({
    get [Symbol.toStringTag]() {
      return raise();
    },
  }),
  'a then that throws': () => Object.defineProperty({}, 'then', { get: raise }),
  'a revoked object': () => revoked({}),
  'a revoked array': () => revoked([]),
  'a revoked function': () => revoked(() => {}),
  'a poisoned object': () => poison({}),
  'a poisoned array': () => poison([]),
  'a poisoned function': () => poison(() => {}),
  'a poisoned bytes': () => poison(new Uint8Array(1)),
  'detached bytes': detached,
  'bytes of another length': () => Object.defineProperty(new Uint8Array(2), 'length', { value: 2 ** 40 }),
  'a shared buffer': () => new Uint8Array(new SharedArrayBuffer(4)),
  'a Map': () => new Map([[Symbol('a'), revoked({})]]),
  'a forged module': () => Object.create(WebAssembly.Module.prototype) as object,
  'a forged memory': () => Object.create(WebAssembly.Memory.prototype) as object,
  'a forged array': () => Object.create(Uint8Array.prototype) as object,
  'a forged buffer': () => Object.create(ArrayBuffer.prototype) as object,
  'a forged Map': () => Object.create(Map.prototype) as object,
  'a forged URL': () => Object.create(URL.prototype) as object,
  'a forged response': () => Object.create(Response.prototype) as object,
  'a forged signal': () => Object.create(AbortSignal.prototype) as object,
  'a forged date': () => Object.create(Date.prototype) as object,
};

/** Functions whose arguments are not checked, and why. */
const UNCHECKED: readonly [names: RegExp, reason: string][] = [
  [/^new \w+(Error|Exit)$|\[Symbol\.hasInstance\]$/, 'errors are made by plugboard'],
  [/^(default|newPlugin)$/, 'other names of createPlugin'],
  [/^(Plugin\.(initialise|callLater|notFound)|ExtismEngine\.run)$/, 'called by plugboard itself'],
  [/^FileState\.(load|commit)$/, 'called by actors, as methods of a StateStore'],
  [
    /^(Kernel\.(?!begin$|place$)\w+|KernelMemory\.\w+|\w+HttpRequest)$/,
    'parts of a host, called for each value that crosses to a plugin: their arguments are numbers from wasm',
  ],
  [/^(errnoName|isPointer|hasTooManyValues|tooLongMessage)$/, 'take values of the tables beside them'],
];

/** Returns the failures of one try: an error that is not coded, or that no table has. */
async function failureOf(run: () => unknown): Promise<string | null> {
  try {
    await release(await run());
    return null;
  } catch (error) {
    if (isCoded(error)) return null;
    if (error === SECRET) return 'the error of the argument';
    try {
      return String((error as Error).stack)
        .split('\n')
        .slice(0, 4)
        .join('  ');
    } catch {
      return 'a value that cannot be read';
    }
  }
}

suite('hostile arguments', test => {
  let made: [title: string, value: unknown][] | undefined;
  // Made once, because the deep array takes long.
  const hostileValues = () => (made ??= Object.entries(HOSTILE).map(([title, make]) => [title, make()]));
  const names = ENTRIES.flatMap(entry => callablesOf(`dist/types/${entry}.d.ts`, WRITTEN_BY_CALLERS)).map(
    ({ name }) => name,
  );

  test('each public function is called, or is listed with a reason', () => {
    const isUnchecked = (name: string) => UNCHECKED.some(([pattern]) => pattern.test(name));
    equal(
      names.filter(name => !Object.hasOwn(PUBLIC_CALLS, name) && !isUnchecked(name)),
      [],
    );
    equal(
      Object.keys(PUBLIC_CALLS).filter(name => !names.includes(name) || isUnchecked(name)),
      [],
    );
    equal(
      UNCHECKED.filter(([pattern]) => !names.some(name => pattern.test(name))),
      [],
    );
  });

  for (const [name, { run, args }] of Object.entries(PUBLIC_CALLS)) {
    test(`${name} throws only errors of the table`, async () => {
      const failures: string[] = [];
      const attempt = async (title: string, given: readonly unknown[]) => {
        const failure = await failureOf(() => run(...given));
        if (failure !== null) failures.push(`${title}: ${failure}`);
      };
      for (const [title, hostile] of hostileValues()) {
        for (let index = 0; index <= args.length; index++)
          await attempt(`argument ${index} is ${title}`, [
            ...args.slice(0, index),
            hostile,
            ...args.slice(index + 1),
          ]);
      }
      equal(failures, []);
    });
  }

  for (const { table, by, base, give } of TAKERS) {
    test(`${table.of}${by ? `, by ${by}` : ''}: each option throws only errors of the table`, async () => {
      const failures: string[] = [];
      for (const key of Object.keys(table.rows)) {
        for (const [title, hostile] of hostileValues()) {
          const failure = await failureOf(() => give({ ...base, [key]: hostile } as never));
          if (failure !== null) failures.push(`${key} is ${title}: ${failure}`);
        }
        const getter = Object.defineProperty({ ...base }, key, { get: raise, enumerable: true });
        const failure = await failureOf(() => give(getter as never));
        if (failure !== null) failures.push(`${key} throws: ${failure}`);
      }
      equal(failures, []);
    });
  }
});
