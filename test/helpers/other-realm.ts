/** The globals of a realm, such as a `node:vm` context or an iframe. */
export type Realm = typeof globalThis;

let made: Realm | undefined;

/** Makes another realm, once: a context of `node:vm`, or an iframe. */
function makeRealm(): Realm | undefined {
  const vm = globalThis.process?.getBuiltinModule?.('node:vm');
  if (vm) return vm.runInNewContext('globalThis') as Realm;
  const page = (globalThis as { document?: Frames }).document;
  if (!page) return undefined;
  const frame = page.createElement('iframe');
  page.documentElement.append(frame);
  return frame.contentWindow;
}

interface Frames {
  createElement(tag: 'iframe'): { contentWindow: Realm };
  documentElement: { append(child: unknown): void };
}

/** Returns the globals of another realm. */
export function otherRealm(): Realm {
  made ??= makeRealm();
  if (!made) throw new Error('this runtime makes no second realm');
  return made;
}

/** Copies a value into another realm. Instances of classes are passed as they are. */
export function toRealm(value: unknown, realm: Realm = otherRealm()): unknown {
  if (Array.isArray(value)) return realm.Array.from(value, item => toRealm(item, realm));
  if (value instanceof Map)
    return new realm.Map([...value].map(([key, item]) => [key, toRealm(item, realm)] as const));
  if (value instanceof Uint8Array) return realm.Uint8Array.from(value);
  if (value instanceof ArrayBuffer) return realm.Uint8Array.from(new Uint8Array(value)).buffer;
  if (value instanceof WebAssembly.Memory) return new realm.WebAssembly.Memory({ initial: 1 });
  if (value instanceof Error) return new realm.Error(value.message);
  if (value instanceof Promise)
    return new realm.Promise(resolve => value.then(done => resolve(toRealm(done, realm))));
  if (typeof value === 'function') return wrapIn(realm, value as (...args: unknown[]) => unknown);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = new realm.Object() as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) copy[key] = toRealm(item, realm);
  return copy;
}

/** Returns a function of the realm that calls `fn`. */
const wrapIn = (realm: Realm, fn: (...args: unknown[]) => unknown): unknown =>
  (new realm.Function('fn', 'return (...args) => fn(...args)') as (given: typeof fn) => unknown)(fn);
