import type { DescriptorTable } from '../descriptors.ts';
import type { Clock } from '../embedder.ts';
import type { GuestMemory } from '../memory.ts';
import { DONE, Fail, type Functions } from '../result.ts';
import { Right } from '../rights.ts';
import { Errno, Eventtype, Subclockflags } from '../spec/constants.ts';
import { isSupportedClock } from './clock.ts';

/** The most subscriptions of one call, so that it stays short. Standard Go passes at most 65,535. */
export const MAX_SUBSCRIPTIONS = 65_536;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;

/** The event of a subscription, due in `waitNs`. */
interface Outcome {
  readonly userdata: bigint;
  readonly type: number;
  readonly errno: number;
  readonly waitNs: bigint;
}

export interface PollHost {
  readonly memory: GuestMemory;
  readonly descriptors: DescriptorTable;
  readonly clock: Clock;
  /** Called after a sleep: the call may have been stopped meanwhile. */
  checkpoint(): void;
  wouldBlock(message: string): void;
}

export function pollFunctions(host: PollHost): Functions<'poll_oneoff'> {
  const { memory, clock } = host;
  return {
    poll_oneoff(input, output, count, nevents) {
      if (count === 0 || count > MAX_SUBSCRIPTIONS) return Fail.EINVAL;
      if (
        !memory.holds(input, count * SUBSCRIPTION_BYTES) ||
        !memory.holds(output, count * EVENT_BYTES) ||
        !memory.holds(nevents, 4)
      )
        return Fail.EFAULT;

      // All are read before any event is written, since the two arrays may overlap.
      const outcomes: Outcome[] = [];
      for (let index = 0; index < count; index++) {
        const outcome = readSubscription(host, input + index * SUBSCRIPTION_BYTES);
        if (!outcome) return Fail.EINVAL;
        outcomes.push(outcome);
      }

      const waitNs = shortest(outcomes);
      const answer = () => {
        const due = outcomes.filter(outcome => outcome.waitNs <= waitNs);
        for (const [index, outcome] of due.entries())
          writeEvent(memory, output + index * EVENT_BYTES, outcome);
        memory.setU32(nevents, due.length);
        return DONE;
      };
      if (waitNs > 0n) {
        if (!clock.sleepNs) {
          host.wouldBlock(
            `the program wants to sleep for ${waitNs} ns, but its clock has no sleepNs: this thread may not block. ` +
              'Run the plugin in a worker, or give a clock that can sleep',
          );
          return Fail.ENOTSUP;
        }
        const answerInTime = () => {
          host.checkpoint();
          return answer();
        };
        const slept = clock.sleepNs(waitNs);
        return slept ? slept.then(answerInTime) : answerInTime();
      }
      return answer();
    },
  };
}

function shortest(outcomes: readonly Outcome[]): bigint {
  let leastNs = outcomes[0]!.waitNs;
  for (const { waitNs } of outcomes) if (waitNs < leastNs) leastNs = waitNs;
  return leastNs;
}

/**
 *     subscription, 48 bytes
 *     0          8     9    16   20   24        32          40      42   48
 *     | userdata | tag | -- | id | -- | timeout | precision | flags | -- |   tag 0: clock, times in ns
 *     | userdata | tag | -- | fd |                  --                   |   tag 1: fd_read, 2: fd_write
 *       u64        u8         u32       u64       u64         u16
 *
 * Returns `undefined` for another tag, because the layout of the bytes after it is unknown.
 */
function readSubscription(host: PollHost, pointer: number): Outcome | undefined {
  const { memory, descriptors } = host;
  const userdata = memory.u64(pointer) ?? 0n;
  const type = memory.u8(pointer + 8) ?? 0;
  const subject = memory.u32(pointer + 16) ?? 0;
  const now = (errno: number): Outcome => ({ userdata, type, errno, waitNs: 0n });
  switch (type) {
    case Eventtype.CLOCK: {
      const timeoutNs = memory.u64(pointer + 24) ?? 0n;
      const flags = memory.u16(pointer + 40) ?? 0;
      if (!isSupportedClock(subject) || flags & ~Subclockflags.ABSTIME) return now(Errno.EINVAL);
      const waitNs = flags & Subclockflags.ABSTIME ? timeoutNs - host.clock.nowNs(subject) : timeoutNs;
      return { userdata, type, errno: Errno.ESUCCESS, waitNs: waitNs > 0n ? waitNs : 0n };
    }
    case Eventtype.FD_READ:
      return now(isOpenFor(descriptors, subject, Right.FD_READ));
    case Eventtype.FD_WRITE:
      return now(isOpenFor(descriptors, subject, Right.FD_WRITE));
    default:
      return undefined;
  }
}

/** A file or stdio that is open for the operation is always ready. A folder has FD_READ too, but cannot be read: EBADF. */
function isOpenFor(descriptors: DescriptorTable, fd: number, right: number): number {
  const descriptor = descriptors.get(fd);
  if (!descriptor || descriptor.kind === 'directory') return Errno.EBADF;
  return descriptor.rightsBase & right ? Errno.ESUCCESS : Errno.EBADF;
}

/**
 *     event, 32 bytes
 *     0          8       10     11   16       24      26   32
 *     | userdata | errno | type | -- | nbytes | flags | -- |
 *       u64        u16     u8          u64      u16           (nbytes and flags: fd_read and fd_write)
 *
 * `nbytes` is 1 for a descriptor that is ready: the number of available bytes is unknown until they are read.
 */
function writeEvent(memory: GuestMemory, pointer: number, { userdata, errno, type }: Outcome): void {
  memory.zero(pointer, EVENT_BYTES);
  memory.setU64(pointer, userdata);
  memory.setU16(pointer + 8, errno);
  memory.setU8(pointer + 10, type);
  if (type !== Eventtype.CLOCK && errno === Errno.ESUCCESS) memory.setU64(pointer + 16, 1n);
}
