import type {
  Clock,
  FsDirectory,
  FsFile,
  FsOpening,
  FsStat,
  FsTimes,
  Preopen,
  Random,
  SupportedClockId,
} from '../../wasi/index.ts';
import { messageOf } from '../errors.ts';

/** Clock, random bytes and folders of a plugin. */
export interface Outside {
  clock: Clock;
  random: Random;
  preopens: Readonly<Record<string, Preopen>>;
}

/** A file or folder that a call has opened, by its number. */
export interface Opened {
  opened: number;
  /** Whether the file can reserve room. */
  allocates?: boolean;
}

/** The result of a method of a file or folder. Bytes for a read. */
export type FileResult =
  | number
  | string
  | readonly string[]
  | Uint8Array
  | FsStat
  | Opened
  | { thrown: string };

/** One answer of the clock, the random bytes or the files, in the order in which the plugin asked. */
export type OutsideEntry =
  | { kind: 'now'; clock: SupportedClockId; ns: bigint }
  | { kind: 'resolution'; clock: SupportedClockId; ns: bigint }
  | { kind: 'sleep'; ns: bigint }
  | { kind: 'random'; bytes: Uint8Array }
  | { kind: 'file'; object: number; call: string; args: readonly unknown[]; result: FileResult };

/** A question of the plugin: an entry without its answer. */
export type OutsideQuestion =
  | { kind: 'now' | 'resolution'; clock: SupportedClockId }
  | { kind: 'sleep'; ns: bigint }
  | { kind: 'random' }
  | { kind: 'file'; object: number; call: string; args: readonly unknown[] };

/** A folder that a recorded plugin had. */
export interface RecordedFolder {
  path: string;
  readOnly: boolean;
}

/** A file or folder: its number, and in a recording the real one. */
export interface Asked {
  number: number;
  real: object | null;
}

/** The answer to one method; for a file or folder that it has opened, that one. */
type Answer = Exclude<FileResult, Opened> | (Asked & { allocates?: boolean });

/** Answers one method of a file or folder. @param real arguments as the method gets them; @param into memory for a read */
type Ask = (
  asked: Asked,
  call: string,
  args: readonly unknown[],
  real?: readonly unknown[],
  into?: Uint8Array,
) => Answer;

const isAsked = (answer: Answer): answer is Asked & { allocates?: boolean } =>
  typeof answer === 'object' && 'real' in answer;

/** A folder whose answers come from `ask`. */
export class AskedDirectory implements FsDirectory {
  readonly #asked: Asked;
  readonly #ask: Ask;

  constructor(asked: Asked, ask: Ask) {
    this.#asked = asked;
    this.#ask = ask;
  }

  /** The number of a folder made here; -1 for another one. */
  static numberOf = (folder: FsDirectory): number =>
    folder instanceof AskedDirectory ? folder.#asked.number : -1;

  static realOf = (value: unknown): unknown => (value instanceof AskedDirectory ? value.#asked.real : value);

  #call<T>(call: string, args: readonly unknown[], real?: readonly unknown[]): T {
    return this.#ask(this.#asked, call, args, real) as T;
  }

  stat = (): FsStat | number => this.#call('stat', []);
  setTimes = (times: FsTimes): number => this.#call('setTimes', [times]);
  sync = (): number => this.#call('sync', []);
  list = (): readonly string[] | number => this.#call('list', []);
  lookup = (name: string): FsStat | number => this.#call('lookup', [name]);
  readLink = (name: string): string | number => this.#call('readLink', [name]);
  makeDirectory = (name: string): number => this.#call('makeDirectory', [name]);
  removeDirectory = (name: string): number => this.#call('removeDirectory', [name]);
  unlink = (name: string): number => this.#call('unlink', [name]);
  symlink = (name: string, target: string): number => this.#call('symlink', [name, target]);
  setTimesOf = (name: string, times: FsTimes): number => this.#call('setTimesOf', [name, times]);

  link(name: string, to: FsDirectory, toName: string): number {
    return this.#call('link', [name, AskedDirectory.numberOf(to), toName], [name, to, toName]);
  }

  rename(name: string, to: FsDirectory, toName: string): number {
    return this.#call('rename', [name, AskedDirectory.numberOf(to), toName], [name, to, toName]);
  }

  openDirectory(name: string, found?: FsStat, passing?: boolean): FsDirectory | number {
    const opened = this.#call<Answer>('openDirectory', [name], [name, found, passing]);
    return isAsked(opened) ? new AskedDirectory(opened, this.#ask) : (opened as number);
  }

  openFile(name: string, opening: FsOpening, found?: FsStat): FsFile | number {
    const opened = this.#call<Answer>('openFile', [name, opening], [name, opening, found]);
    return isAsked(opened) ? askedFile(opened, this.#ask) : (opened as number);
  }
}

function askedFile(asked: Asked & { allocates?: boolean }, ask: Ask): FsFile {
  const call = <T>(name: string, args: readonly unknown[], real?: readonly unknown[], into?: Uint8Array) =>
    ask(asked, name, args, real, into) as T;
  return {
    stat: () => call('stat', []),
    read: (into, offset) => {
      const read = call<Answer>('read', [into.length, offset], [into, offset], into);
      if (!(read instanceof Uint8Array)) return read as number;
      into.set(read);
      return read.length;
    },
    // A copy, because `bytes` is memory of the plugin.
    write: (bytes, offset) => call('write', [bytes.slice(), offset], [bytes, offset]),
    setSize: sizeBytes => call('setSize', [sizeBytes]),
    setTimes: times => call('setTimes', [times]),
    sync: dataOnly => call('sync', [dataOnly]),
    ...(asked.allocates && { allocate: (offset, length) => call<number>('allocate', [offset, length]) }),
    // Not noted: a file may be closed between calls, and nothing comes from it.
    close: () => (asked.real as FsFile | null)?.close(),
  };
}

/** The fields alone: a host may return an object of its own. */
const plainStat = ({
  filetype,
  dev,
  ino,
  nlink,
  sizeBytes,
  atimNs,
  mtimNs,
  ctimNs,
  device,
}: FsStat): FsStat => {
  const stat = { filetype, dev, ino, nlink, sizeBytes, atimNs, mtimNs, ctimNs };
  return device === undefined ? stat : { ...stat, device };
};

type Methods = Record<string, ((...args: readonly unknown[]) => unknown) | undefined>;

/** Returns an `ask` that asks real files, and notes their answers. */
function askReal(note: (entry: OutsideEntry) => void, firstNumber: number): Ask {
  let next = firstNumber;
  return ({ number: object, real: target }, call, args, real = args, into) => {
    const noted = (result: FileResult) => note({ kind: 'file', object, call, args, result });
    let result: unknown;
    try {
      result = (target as Methods)[call]!(...real.map(AskedDirectory.realOf));
    } catch (error) {
      noted({ thrown: messageOf(error) });
      throw error;
    }
    if (into && typeof result === 'number' && result >= 0) {
      noted(into.slice(0, result));
      return result;
    }
    if (typeof result !== 'object' || !call.startsWith('open')) {
      const isStat = typeof result === 'object' && !Array.isArray(result);
      noted(isStat ? plainStat(result as FsStat) : (result as FileResult));
      return result as number;
    }
    const allocates = (result as Partial<FsFile>).allocate !== undefined && { allocates: true };
    noted({ opened: next, ...allocates });
    return { number: next++, real: result, ...allocates };
  };
}

/** Returns clock, random bytes and folders that note each answer. */
export function recordOutside(
  { clock, random, preopens }: Outside,
  note: (entry: OutsideEntry) => void,
): Outside {
  const folders = Object.entries(preopens);
  const ask = askReal(note, folders.length);
  const recorded = (preopen: Preopen, number: number): Preopen => {
    const { fs, ...rest } = 'fs' in preopen ? preopen : { fs: preopen };
    return { fs: { root: new AskedDirectory({ number, real: fs.root }, ask) }, ...rest };
  };
  return {
    clock: {
      nowNs: id => {
        const ns = clock.nowNs(id);
        note({ kind: 'now', clock: id, ns });
        return ns;
      },
      resolutionNs: id => {
        const ns = clock.resolutionNs(id);
        note({ kind: 'resolution', clock: id, ns });
        return ns;
      },
      ...(clock.sleepNs && {
        sleepNs: (ns: bigint) => {
          note({ kind: 'sleep', ns });
          return clock.sleepNs!(ns);
        },
      }),
    },
    random: {
      fill: bytes => {
        random.fill(bytes);
        note({ kind: 'random', bytes: bytes.slice() });
      },
    },
    preopens: Object.fromEntries(folders.map(([path, preopen], number) => [path, recorded(preopen, number)])),
  };
}

/**
 * Returns clock, random bytes and folders whose answers come from a recording.
 * @param answer returns the entry with the answer. It gets the number of bytes that the plugin wants
 */
export function replayOutside(
  folders: readonly RecordedFolder[],
  answer: (question: OutsideQuestion, wantedBytes?: number) => OutsideEntry,
): Outside {
  const ask: Ask = ({ number: object }, call, args, _, into) => {
    const { result } = answer({ kind: 'file', object, call, args }, into?.length) as { result: FileResult };
    if (typeof result !== 'object') return result;
    if ('thrown' in result) throw new Error(result.thrown);
    if ('opened' in result)
      return { number: result.opened, real: null, allocates: result.allocates ?? false };
    return result;
  };
  const roots = folders.map(({ path, readOnly }, number) => {
    const root = new AskedDirectory({ number, real: null }, ask);
    return [path, { fs: { root }, readOnly }] as const;
  });
  return {
    clock: {
      nowNs: clock => (answer({ kind: 'now', clock }) as { ns: bigint }).ns,
      resolutionNs: clock => (answer({ kind: 'resolution', clock }) as { ns: bigint }).ns,
      sleepNs: ns => void answer({ kind: 'sleep', ns }),
    },
    random: {
      fill: bytes => bytes.set((answer({ kind: 'random' }, bytes.length) as { bytes: Uint8Array }).bytes),
    },
    preopens: Object.fromEntries(roots),
  };
}
