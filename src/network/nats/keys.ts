import { EXPECTED, hasCode, type JetStream } from './jet-stream.ts';

/** Reads a key whose content is JSON. */
export async function readKey<T>(jetStream: JetStream, stream: string, key: string): Promise<T | undefined> {
  const last = await jetStream.read(stream, { last_by_subj: key });
  return last && (JSON.parse(new TextDecoder().decode(last.data)) as T);
}

/** Writes a key whose content is an object. @param change returns the next content; undefined if it stays */
export async function changeKey<T extends object>(
  jetStream: JetStream,
  stream: string,
  key: string,
  change: (old: T | undefined) => T | undefined,
): Promise<void> {
  for (;;) {
    const last = await jetStream.read(stream, { last_by_subj: key });
    const next = change(last && (JSON.parse(new TextDecoder().decode(last.data)) as T));
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
