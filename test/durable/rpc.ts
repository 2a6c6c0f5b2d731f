import type { DeadLetter } from '../../src/network/index.ts';
import { equal, ok } from '../helpers/assert.ts';
import type { DurableServer } from './server.ts';

// Results that RPC cannot carry at once, which takes 32 MiB.

const MESSAGES = 20;
const RPC_BYTES = 32 * 2 ** 20;

/** Reads a list part by part until it has all messages. */
async function readAll<T>(next: (after: number, got: number) => Promise<T[]>, after: (item: T) => number) {
  const all: T[] = [];
  let last = 0;
  while (all.length < MESSAGES) {
    const part = await next(last, all.length);
    all.push(...part);
    if (part.length > 0) last = after(part.at(-1)!);
    else await new Promise(resolve => setTimeout(resolve, 20));
  }
  return all;
}

export async function runRpc(server: DurableServer): Promise<void> {
  const ask = <T>(method: string, ...given: unknown[]) =>
    server.call<T>('LongResults', 'o', method, ...given);
  const packet = (port: string, data: unknown) => ({ [port]: { type: 'Any', data } });
  for (let n = 0; n < MESSAGES; n++) {
    await ask('accept', packet('echo', String(n).padEnd(1_900_000)), `echo ${n}`);
    await ask('accept', packet('fail', String(n).padEnd(1_000_000)), `fail ${n}`);
  }
  const numbers = [...Array(MESSAGES).keys()];
  const read = await readAll(
    after => ask<[seq: number, text: string][]>('read', 'out', after),
    ([seq]) => seq,
  );
  const out = read.map(([, text]) => JSON.parse(text) as { out: { data: string } });
  equal(
    out.map(({ out: { data } }) => parseInt(data, 10)),
    numbers,
  );
  const letters = await readAll(
    (_, got) => ask<DeadLetter[]>('deadLetters', got),
    () => 0,
  );
  equal(
    letters.map(({ message }) => parseInt(String(message.data), 10)),
    numbers,
  );
  await ask('call', packet('keep', RPC_BYTES / 2));
  await ask('status');
  await ask('call', packet('keep', RPC_BYTES));
  const error = await ask('status').catch(String);
  ok(String(error).includes('status: expected at most'), String(error));
}
