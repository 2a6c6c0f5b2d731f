import type { ImportEvent } from '../trace/events.ts';
import { type Block, Blocks } from './blocks.ts';
import type { TracedCall } from './trace-calls.ts';
import { type FollowedCall, isHandle } from './trace-rules.ts';

export const newCall = (): FollowedCall => ({ blocks: new Blocks(), results: new Set(), outputBytes: 0 });

/** The functions of the kernel that keep no block which they get. */
const LOOKS_ONLY = /^(free|length|length_unsafe)$/;

/** Notes the blocks that an event shows. */
export function follow(event: ImportEvent, call: FollowedCall, inputBytes: number): void {
  const { from, name, params, results, error } = event;
  const { blocks } = call;
  // A host function may make and free blocks that no event shows.
  if (from === 'host') blocks.areAllKnown = false;
  for (const { value, bytes = 0 } of params.filter(isHandle)) {
    if (bytes === 0) continue;
    const block = blocks.add(Number(value), bytes, null);
    if (name === 'free' && from === 'kernel') block.isFreed = true;
    if (!LOOKS_ONLY.test(name) || from !== 'kernel') block.isPassed = true;
  }
  if (error) return;
  for (const { value, bytes = 0 } of results.filter(isHandle))
    if (bytes > 0) blocks.add(Number(value), bytes, name);
  if (from !== 'kernel') return;
  const [first, second] = params.map(({ value }) => Number(value));
  if (name === 'reset') blocks.clear();
  if (name === 'input_offset' && inputBytes > 0) {
    const start = Number(results[0]!.value);
    // A freed input keeps its offset.
    if (!blocks.at(start)) blocks.add(start, inputBytes, null);
  }
  if (name === 'output_set') {
    call.outputBytes = second!;
    const block = blocks.at(first!);
    if (block) call.results.add(block.start);
  }
}

/** The blocks that a call leaves: it has not freed them, and the host takes them back. */
export interface BlocksLeft {
  blocks: readonly Block[];
  /** Starts of those that the plugin named as its output. */
  outputs: ReadonlySet<number>;
  /** Whether no other block can be left: a host function makes and frees blocks that no event shows. */
  areAll: boolean;
}

/** Lists the blocks that a call of a trace leaves, from the lowest address. */
export function blocksLeft({ begin, imports }: TracedCall): BlocksLeft {
  const followed = newCall();
  for (const event of imports) follow(event, followed, begin.input.bytes ?? 0);
  const { all, areAllKnown } = followed.blocks;
  return { blocks: all.filter(({ isFreed }) => !isFreed), outputs: followed.results, areAll: areAllKnown };
}
