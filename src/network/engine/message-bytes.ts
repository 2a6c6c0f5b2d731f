import { isUint8Array } from '../../../wasi/brands.ts';
import { describe } from '../../actor/errors.ts';
import type { Message } from '../../actor/message/message.ts';
import { withCommas } from '../../units.ts';
import { NetworkError } from '../errors.ts';
import type { NodeStep } from './engine.ts';

/** Bytes of a value that is not text, with its separators. */
const VALUE = 8;

/**
 * Returns about the bytes of a message as JSON: characters count as one byte. Not exact, since writing each message only to count
 * it would take as long as the call of a small actor.
 */
export function messageBytes({ type, data }: Message): number {
  let bytes = type.length + VALUE;
  if (typeof data === 'string') return bytes + data.length + VALUE;
  const open: unknown[] = [data];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') bytes += value.length + VALUE;
    else if (typeof value !== 'object' || value === null) bytes += VALUE;
    else if (isUint8Array(value)) bytes += value.length;
    else if (Array.isArray(value)) for (const item of value) open.push(item);
    else
      for (const [key, member] of Object.entries(value)) {
        bytes += key.length;
        open.push(member);
      }
  }
  return bytes;
}

/** @throws {NetworkError} STEP_TOO_LARGE */
export function checkSize(node: string, { sent, dead }: NodeStep, maxStepBytes: number): void {
  const bytes = [...sent, ...dead].reduce((sum, { message }) => sum + messageBytes(message), 0);
  if (bytes <= maxStepBytes) return;
  const [has, most] = [bytes, maxStepBytes].map(withCommas);
  throw new NetworkError(
    'STEP_TOO_LARGE',
    `node ${describe(node)}: a step of ${has} bytes, over the limit of ${most} (maxStepBytes)`,
  );
}
