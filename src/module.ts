import { CreateError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { MAIN } from './manifest.ts';
import { type CompiledModule, compiledBefore } from './module-cache.ts';
import type { Platform } from './platform/types.ts';
import { hexOfSha256, type LoadedSource } from './source.ts';
import { capMemories, isOnlyCapped } from './wasm/cap-memory.ts';
import { isOnlyMetered, METER_EXPORTS, meter } from './wasm/meter.ts';
import { readModule, readSignatures, type Signatures } from './wasm/reader.ts';

/** A rewriting of the bytes that ran instead of those that were hashed. */
export interface Transform {
  name: 'cap-memory' | 'meter';
  /** SHA-256 of the bytes before and after, in hexadecimal digits. */
  before: string;
  after: string;
}

/** A compiled module and what is known of it. */
export interface PluginModule extends CompiledModule {
  name: string;
  /** The hash that was checked, null when none was asked for. */
  sha256: string | null;
  transforms: readonly Transform[];
}

export interface CompileOptions {
  /** Pages by which each memory may grow at most, where there is such a limit. */
  maxGrowthPages?: number | undefined;
  /** Why the plugin's own code has to keep `timeoutMs`, if it has to. */
  metered?: string | null;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A transform that is asked for. */
interface Step {
  name: Transform['name'];
  /** Null where the module has what the host does not know. */
  apply(bytes: Bytes): Bytes | null;
  /** Whether `apply` did what it is for, and nothing else. */
  check(before: Bytes, after: Bytes): boolean;
  /** @throws {CreateError} UNSUPPORTED, where the bytes are not there or not known, as `why` says */
  refuse(why: string): never;
}

/** @throws {CreateError} INVALID_WASM, UNSUPPORTED */
export async function compileModule(
  platform: Platform,
  name: string,
  source: LoadedSource,
  options: CompileOptions = {},
): Promise<PluginModule> {
  const steps = stepsFor(options);
  if ('module' in source) {
    steps[0]?.refuse(`module "${name}" came compiled`);
    return { name, sha256: null, transforms: [], ...describeModule(source.module, null) };
  }
  const { bytes, sha256, compiling } = source;
  if (steps.length === 0) {
    return { name, sha256, transforms: [], ...(await compileBytes(platform, name, bytes, compiling)) };
  }
  refuseIfInvalid(name, bytes);
  if (options.maxGrowthPages !== undefined) refuseIfOver(name, bytes, options.maxGrowthPages);
  const transforms: Transform[] = [];
  let before = bytes;
  for (const { name: step, apply, check, refuse } of steps) {
    const after = apply(before);
    if (!after || !check(before, after)) return refuse(`module "${name}" has what the host does not know`);
    if (after === before) continue;
    const [from, to] = await Promise.all([before, after].map(each => hexOfSha256(platform, each)));
    transforms.push({ name: step, before: from!, after: to! });
    before = after;
  }
  const compiled = await compileBytes(platform, name, before);
  return { name, sha256, transforms, ...compiled };
}

function stepsFor({ maxGrowthPages, metered = null }: CompileOptions): Step[] {
  const steps: Step[] = [];
  const refuse = (message: string) => {
    throw new CreateError('UNSUPPORTED', message);
  };
  if (maxGrowthPages !== undefined) {
    steps.push({
      name: 'cap-memory',
      apply: bytes => capMemories(bytes, maxGrowthPages),
      check: isOnlyCapped,
      refuse: why =>
        refuse(
          `memory.max_pages cannot be honoured: ${why}; pass the bytes, or leave it out ` +
            '(memory.maxPages limits kernel memory alone)',
        ),
    });
  }
  if (metered !== null) {
    steps.push({
      name: 'meter',
      apply: meter,
      check: isOnlyMetered,
      refuse: why =>
        refuse(
          `timeoutMs cannot be honoured: ${metered}, so that code is added to the plugin, and ${why}; pass the bytes, ` +
            'or leave it out, and give calls an AbortSignal, which ends what waits',
        ),
    });
  }
  return steps;
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

async function compileBytes(
  platform: Platform,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  compiling?: Promise<WebAssembly.Module>,
): Promise<CompiledModule> {
  const known = compiledBefore.find(bytes);
  if (known) return known;
  const module = await engineCompile(platform, name, bytes, compiling);
  const compiled = describeModule(module, readSignatures(bytes));
  compiledBefore.keep(bytes, compiled);
  return compiled;
}

/** What a transform exports is none of the plugin's, whose own exports cannot have these names then. */
const HIDDEN = new Set(Object.values(METER_EXPORTS));

function describeModule(module: WebAssembly.Module, signatures: Signatures | null): CompiledModule {
  const exports = WebAssembly.Module.exports(module).filter(({ name }) => !HIDDEN.has(name));
  return {
    module,
    imports: WebAssembly.Module.imports(module),
    exports,
    exportKinds: new Map(exports.map(({ name, kind }) => [name, kind])),
    signatures,
  };
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

async function engineCompile(
  platform: Platform,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  compiling?: Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  refuseIfNoWasm(name, bytes);
  try {
    if (compiling) return await compiling;
    if (bytes.length <= LIMITS.synchronousCompileBytes.default) return new WebAssembly.Module(bytes);
    return await platform.compile(bytes);
  } catch (error) {
    if (WebAssembly.validate(bytes)) {
      const message = `module "${name}": this platform compiles no bytes; pass a WebAssembly.Module (${(error as Error).message})`;
      throw new CreateError('UNSUPPORTED', message, { cause: error });
    }
    const message = `module "${name}": ${bytes.length} bytes are not a valid module: ${(error as Error).message}`;
    throw new CreateError('INVALID_WASM', message, { cause: error });
  }
}

/** A transform could make bytes valid that were not. */
function refuseIfInvalid(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  refuseIfNoWasm(name, bytes);
  if (WebAssembly.validate(bytes)) return;
  throw new CreateError('INVALID_WASM', `module "${name}": ${bytes.length} bytes are not a valid module`);
}

function refuseIfNoWasm(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  if (MAGIC.every((byte, index) => bytes[index] === byte)) return;
  const start = Array.from(bytes.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join(' ');
  throw new CreateError(
    'INVALID_WASM',
    `module "${name}": expected wasm, which starts with 00 61 73 6d, got ${bytes.length} bytes starting with ` +
      `"${start}"; is this the .wasm file, or text or an error page?`,
  );
}
