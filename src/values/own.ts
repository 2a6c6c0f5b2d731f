import { attempt } from '../errors.ts';

// Classes without a slot that can be asked: their class name is compared, and each needed member is read once.

const isNamed = (name: string, value: unknown) =>
  Object.prototype.toString.call(value) === `[object ${name}]`;

/** Returns a URL of this realm for a URL of any realm; undefined for other values. */
export const ownUrl = (value: unknown): URL | undefined =>
  attempt(() => (isNamed('URL', value) ? new URL((value as URL).href) : undefined), undefined);

/**
 * Whether a value is a response of any realm. Not `instanceof`: Node loads its HTTP client, which takes 10 ms, when the class
 * `Response` is first read.
 */
export const isResponse = (value: unknown): value is Response =>
  attempt(() => {
    if (!isNamed('Response', value)) return false;
    const { headers, arrayBuffer } = value as Response;
    return typeof headers.get === 'function' && typeof arrayBuffer === 'function';
  }, false);

/** Whether the engine compiles the response while it arrives: engines accept only their own class, and jsdom has none. */
export const isOwnResponse = (response: Response): boolean =>
  globalThis.Response !== undefined && response instanceof Response;

const size = Object.getOwnPropertyDescriptor(Map.prototype, 'size')!;
const { entries } = Map.prototype;

/** Returns a map of this realm itself, and a copy of any other map; undefined for other values. */
export const ownMap = (value: unknown): Map<unknown, unknown> | undefined =>
  attempt(() => {
    size.get!.call(value);
    return value instanceof Map ? value : new Map(entries.call(value as Map<unknown, unknown>));
  }, undefined);

/** The signals that fire when those of other realms do. */
const followers = new WeakMap<AbortSignal, AbortSignal>();

/** Returns a signal of this realm itself, and for any other one a signal that fires with it. */
export function ownSignal(signal: AbortSignal): AbortSignal {
  if ((signal as object) instanceof AbortSignal) return signal;
  const known = followers.get(signal);
  if (known) return known;
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  followers.set(signal, controller.signal);
  return controller.signal;
}
