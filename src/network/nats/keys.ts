import { messageOf } from '../../errors.ts';
import type { Shape } from '../../values/shape.ts';
import { invalid } from '../log/record.ts';
import { EXPECTED, hasCode, type JetStream } from './jet-stream.ts';

/**
 * Reads JSON that the server has, and checks its shape: everybody who may write there can have written it.
 * @throws {ActorError} INVALID_STATE_FILE with the key
 */
export function contentOf<T>(data: Uint8Array, key: string, shape: Shape): T {
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(data));
    shape(content, 'its content');
    return content as T;
  } catch (cause) {
    throw invalid(`NATS: the key ${key} cannot be read: ${messageOf(cause)}`);
  }
}

/** Reads a key whose content is JSON; undefined for a key that is not there. @throws as `contentOf` */
export async function readKey<T>(
  jetStream: JetStream,
  stream: string,
  key: string,
  shape: Shape,
): Promise<T | undefined> {
  const last = await jetStream.read(stream, { last_by_subj: key });
  return last && contentOf<T>(last.data, key, shape);
}

/** Writes a key whose content is an object. @param change returns the next content; undefined if it stays @throws as `contentOf` */
export async function changeKey<T extends object>(
  jetStream: JetStream,
  stream: string,
  key: string,
  shape: Shape,
  change: (old: T | undefined) => T | undefined,
): Promise<void> {
  for (;;) {
    const last = await jetStream.read(stream, { last_by_subj: key });
    const next = change(last && contentOf<T>(last.data, key, shape));
    if (!next) return;
    try {
      await jetStream.publish(key, JSON.stringify(next), { [EXPECTED]: String(last?.sequence ?? 0) });
      return;
    } catch (error) {
      // Another worker was faster, or the answer was lost.
      if (!hasCode(error, 'wrongSequence')) throw error;
    }
  }
}
