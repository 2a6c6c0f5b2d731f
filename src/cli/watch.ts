import type { ScriptActor } from '../actor/index.ts';
import { Sequence } from '../actor/sequence.ts';
import { hexOfSha256 } from '../module/source.ts';
import { nodePlatform } from '../platform/node.ts';
import { watchNodeFile } from '../platform/node-watch.ts';
import { describeError } from './errors.ts';
import { readInputFile } from './files.ts';
import { writeStderr } from './stdio.ts';

/**
 * Reloads an actor each time its file changes. A file that cannot be read, or is refused, leaves the old module in place.
 * Returns a function that ends the watching.
 * @param source the bytes that the actor was made of
 * @param onReload called with the new bytes' SHA-256, before the next message is processed
 */
export function watchActor(
  actor: ScriptActor,
  path: string,
  source: Uint8Array,
  say: (text: string) => void,
  onReload: (sha256: string) => void,
): () => void {
  const checks = new Sequence();
  let seen = source;
  const check = async () => {
    try {
      const bytes = await readInputFile(path);
      if (Buffer.compare(bytes, seen) === 0) return;
      seen = bytes;
      const sha256 = await hexOfSha256(nodePlatform, bytes);
      const unsubscribe = actor.subscribe(({ type }) => type === 'reloaded' && onReload(sha256));
      await actor.reload(bytes).finally(unsubscribe);
      say(`${path}: reloaded`);
    } catch (error) {
      if (actor.phase !== 'active') return;
      writeStderr('plugboard', `${path}: not reloaded, the old module goes on: ${describeError(error)}`);
    }
  };
  const onChange = () => void checks.run(check);
  const end = watchNodeFile(path, onChange);
  // The file may have changed while the actor was made.
  onChange();
  return end;
}
