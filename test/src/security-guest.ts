import type { PlainType } from '../../abi/encode.ts';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { op } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';

export const ENV = 'extism:host/env';
export const USER = 'extism:host/user';
export const KERNELS = ['reference', 'accessors'] as const;

/** The plugin of fixtures/hostile, which tries to use more than it may. */
export const createHostile = (options?: PluginOptions): Promise<Plugin> =>
  createPlugin(host().readBytes('fixtures/hostile/hostile.wasm'), options);

/** The instruction that pushes `value`. */
export function push(type: PlainType, value: bigint): number[] {
  const bytes: number[] = [];
  let rest = type === 'i32' ? BigInt.asIntN(32, value) : BigInt.asIntN(64, value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === (byte & 0x40 ? -1n : 0n);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return [type === 'i32' ? op.i32Const : op.i64Const, ...bytes];
  }
}

/** Runs `body`, and catches every exception that can be caught. */
export const caught = (...body: number[]): number[] => [...op.try, ...body, op.catchAll, op.end];

/** A logger that keeps its messages. */
export function keepLogs(): { texts: string[]; logger: NonNullable<PluginOptions['logger']> } {
  const texts: string[] = [];
  const keep = (text: string) => void texts.push(text);
  return { texts, logger: { trace: keep, debug: keep, info: keep, warn: keep, error: keep } };
}
