import { CreateError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Platform } from '../platform/types.ts';
import { FUEL_EXPORTS, METER_EXPORTS } from '../wasm/ask.ts';
import { capMemories, capTotal, type Footprint, footprintOf, isOnlyCapped } from '../wasm/cap-memory.ts';
import { addFresh, isOnlyFresh, whyNotFresh } from '../wasm/fresh.ts';
import { addFuel, isOnlyFuelled } from '../wasm/fuel.ts';
import { type Names, whyNotAdded } from '../wasm/instrument.ts';
import { isOnlyMetered, meter } from '../wasm/meter.ts';
import { readModule } from '../wasm/reader.ts';
import { ModuleCache } from './cache.ts';
import { engineCompile } from './engine-compile.ts';
import { instrumentsOf } from './instruments.ts';
import type { Preparation } from './prepare.ts';
import { hexOfSha256IfPossible, type LoadedSource, MAIN } from './source.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A change to the bytes of a module between hashing and compiling. */
export interface Transform {
  name: 'cap-memory' | 'fuel' | 'meter' | 'fresh';
  /** SHA-256 of the bytes before and after, in hexadecimal digits; null where the platform has none, as in pages without https. */
  before: string | null;
  after: string | null;
}

export interface RewriteOptions {
  /** The most pages by which each memory may grow; undefined without a limit. */
  maxGrowthPages?: number | undefined;
  /** The most pages of all memories, tables and globals, with the kernel memory; undefined without a limit. */
  memoryPages?: number | undefined;
  /** The reason for which the plugin's own code has to keep `timeoutMs`; null if it need not. */
  metered?: string | null;
  /** The units of fuel that a call may use; undefined without a limit. */
  fuel?: number | undefined;
  /** Whether the state of instances is to be put back between calls. */
  fresh?: boolean | undefined;
}

/** The names of exports that transforms add. */
const ADDED: Partial<Record<Transform['name'], Names>> = { fuel: FUEL_EXPORTS, meter: METER_EXPORTS };

/** A requested transform. */
interface Step {
  name: Transform['name'];
  /** Equal for steps that make the same change. */
  key: string;
  /** Changes the bytes. Returns null if the module uses a form that the host does not know. @param module as messages name it */
  apply(bytes: Bytes, module: string): Bytes | null;
  /** @throws {CreateError} for a module that is over the limit from the start */
  precheck?(name: string, bytes: Bytes): void;
  /** Whether `apply` made the intended change and no other. */
  check(before: Bytes, after: Bytes): boolean;
  /** Whether a compiled module keeps the limit already. */
  isKept?(prepared: Preparation): boolean;
  /**
   * Missing, with `isKept`, where a module may stay as it is.
   * @throws {CreateError} UNSUPPORTED. `why` is the reason: the bytes are missing, or have an unknown form
   */
  refuse?(why: string): never;
}

function stepsFor({
  maxGrowthPages,
  memoryPages,
  metered = null,
  fuel,
  fresh = false,
}: RewriteOptions): Step[] {
  const steps: Step[] = [];
  const refuse = (message: string) => {
    throw new CreateError('UNSUPPORTED', message);
  };
  if (maxGrowthPages !== undefined) {
    steps.push({
      name: 'cap-memory',
      key: `cap-memory ${maxGrowthPages}`,
      precheck: (name, bytes) => refuseIfOver(name, bytes, maxGrowthPages),
      apply: bytes => capMemories(bytes, maxGrowthPages),
      check: isOnlyCapped,
      isKept: ({ growthPages, initialPages }) =>
        growthPages !== null && growthPages <= maxGrowthPages && initialPages <= maxGrowthPages,
      refuse: why =>
        refuse(
          `memory.max_pages cannot be honoured: ${why}; leave it out ` +
            '(memory.maxPages limits kernel memory alone)',
        ),
    });
  }
  if (memoryPages !== undefined) {
    steps.push({
      name: 'cap-memory',
      key: `cap-total ${memoryPages}`,
      apply: bytes => capTotal(bytes, memoryPages),
      check: isOnlyCapped,
      isKept: ({ maxPages }) => maxPages !== undefined && maxPages <= memoryPages,
      refuse: why => refuse(`limits.memoryPages cannot be honoured: ${why}; leave it out`),
    });
  }
  if (fuel !== undefined) {
    steps.push({
      name: 'fuel',
      key: 'fuel',
      apply: (bytes, module) => (instrumentsOf(bytes, module).hasFuel ? bytes : addFuel(bytes)),
      check: (before, after) =>
        before === after || (isOnlyFuelled(before, after) && WebAssembly.validate(after)),
      isKept: prepared => prepared.hasFuel === true,
      refuse: why => refuse(`limits.fuel cannot be honoured: ${why}; leave it out`),
    });
  }
  if (metered !== null) {
    steps.push({
      name: 'meter',
      key: 'meter',
      apply: (bytes, module) => (instrumentsOf(bytes, module).hasChecks ? bytes : meter(bytes)),
      // Validated, because engines limit the size of a function, and the checks in its loops may exceed that limit.
      check: (before, after) =>
        before === after || (isOnlyMetered(before, after) && WebAssembly.validate(after)),
      isKept: prepared => prepared.hasChecks,
      refuse: why =>
        refuse(
          `timeoutMs cannot be honoured: ${metered}, so that code is added to the plugin, and ${why}; ` +
            'leave it out, and give limits.fuel, which needs no clock, and calls an AbortSignal, which ends calls that wait',
        ),
    });
  }
  if (fresh) {
    steps.push({
      name: 'fresh',
      key: 'fresh',
      apply: (bytes, module) => (instrumentsOf(bytes, module).hasFresh ? bytes : addFresh(bytes)),
      check: (before, after) =>
        before === after || (isOnlyFresh(before, after) && WebAssembly.validate(after)),
    });
  }
  return steps;
}

/**
 * Returns the footprint that `memoryPages` needs, null without this limit, and why state cannot be put back.
 * @param prepared the limits that a build tool has found in the bytes
 * @throws {CreateError} UNSUPPORTED if the options ask for a transform: a compiled module has no bytes to change
 */
export function refuseCompiled(
  name: string,
  options: RewriteOptions,
  prepared?: Preparation,
): Pick<Rewritten, 'footprint' | 'whyNotFresh'> {
  for (const step of stepsFor(options)) {
    if (!step.refuse) continue;
    if (prepared === undefined)
      step.refuse(`module "${name}" came compiled, and only its bytes can be changed`);
    else if (!step.isKept?.(prepared))
      step.refuse(
        `module "${name}" came compiled, and was not prepared for this limit (see plugboard prepare)`,
      );
  }
  const isInexact = options.fresh === true && prepared?.hasFresh !== true;
  const whyNotFresh = isInexact
    ? 'came compiled, and was not prepared (see plugboard prepare --fresh)'
    : null;
  if (options.memoryPages === undefined) return { footprint: null, whyNotFresh };
  const { maxPages = 0, startPages = maxPages, hiddenPages = maxPages } = prepared!;
  return { footprint: { startPages, maxPages, hiddenPages }, whyNotFresh };
}

/** @throws {CreateError} MEMORY_LIMIT */
function refuseIfOver(name: string, bytes: Bytes, maxGrowthPages: number): void {
  const [memory] = readModule(bytes).memories;
  if (name !== MAIN || !memory || memory.initialPages <= maxGrowthPages) return;
  throw new CreateError(
    'MEMORY_LIMIT',
    `module "${name}": its memory starts with ${memory.initialPages} pages, over the limit of ${maxGrowthPages} ` +
      'pages (memory.max_pages)',
  );
}

interface Rewritten {
  bytes: Bytes;
  transforms: readonly Transform[];
  /** Null without a limit of `memoryPages`. */
  footprint: Footprint | null;
  /** Why the state of instances cannot be put back, where that was asked for. */
  whyNotFresh: string | null;
}

/** Rewritten bytes by the keys of the steps. Kept, because rewriting with its checks takes longer than making a plugin. */
const rewrittenBefore = new ModuleCache<Map<string, Rewritten>>(LIMITS.keptModuleBytes.default / 2);

/** Whether a module imports a memory. It grows it without the global in which the code of `addFresh` counts the pages. */
const importsMemory = ({ source }: { source: LoadedSource }): boolean =>
  ('module' in source ? WebAssembly.Module.imports(source.module) : readModule(source.bytes).imports).some(
    ({ kind }) => kind === 'memory',
  );

/**
 * Applies all steps and checks the result of each.
 * @throws {CreateError} INVALID_WASM, UNSUPPORTED, MEMORY_LIMIT
 */
export async function rewrite(
  platform: Platform,
  name: string,
  bytes: Bytes,
  options: RewriteOptions,
  all: readonly { source: LoadedSource }[],
): Promise<Rewritten> {
  const isLinked = options.fresh && all.some(importsMemory);
  const steps = stepsFor(isLinked ? { ...options, fresh: false } : options);
  const key = steps.map(step => step.key).join() + isLinked;
  const kept = rewrittenBefore.find(bytes);
  // Before the transforms, which could make invalid bytes valid.
  if (!kept && !WebAssembly.validate(bytes)) await engineCompile(platform, name, bytes);
  for (const { precheck } of steps) precheck?.(name, bytes);
  const known = kept?.get(key);
  if (known) return known;
  const taken = await takeSteps(platform, name, bytes, steps);
  const rewritten = {
    ...taken,
    footprint: options.memoryPages === undefined ? null : footprintOf(taken.bytes),
    whyNotFresh: isLinked ? 'shares a memory' : options.fresh ? whyNotFresh(bytes) : null,
  };
  if (kept) kept.set(key, rewritten);
  else rewrittenBefore.keep(bytes, new Map([[key, rewritten]]));
  return rewritten;
}

async function takeSteps(
  platform: Platform,
  name: string,
  bytes: Bytes,
  steps: readonly Step[],
): Promise<Omit<Rewritten, 'footprint' | 'whyNotFresh'>> {
  const transforms: Transform[] = [];
  let before = bytes;
  for (const { name: step, apply, check, refuse } of steps) {
    const after = apply(before, `module "${name}"`);
    if (after === null || !check(before, after)) {
      if (!refuse) continue;
      return refuse(`module "${name}" ${whyNotAdded(before, ADDED[step])}`);
    }
    if (after === before) continue;
    const [from, to] = await Promise.all([before, after].map(each => hexOfSha256IfPossible(platform, each)));
    transforms.push({ name: step, before: from ?? null, after: to ?? null });
    before = after;
  }
  return { bytes: before, transforms };
}
