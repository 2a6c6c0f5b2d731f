import {
  compileAccessors,
  type EnvFunctionName,
  type EnvImports,
  Kernel,
  type KernelOptions,
  type KernelTier,
  kernelImports,
} from '../../abi/index.ts';

export const TIERS: readonly KernelTier[] = ['reference', 'accessors'];

export type EnvOptions = Partial<KernelOptions> & { tier?: KernelTier };

/** The env functions as a plugin would call them: every parameter and result a number. */
export interface Env {
  kernel: Kernel;
  tier: KernelTier;
  imports: EnvImports;
  /** Codes of the diagnostics so far. */
  codes: string[];
  call(name: string, ...args: (bigint | number)[]): bigint | number | undefined;
  /** Places text as a plugin does: one `store_u8` per byte. */
  text(text: string): bigint;
}

export function makeEnv({ tier: wanted, ...options }: EnvOptions = {}): Env {
  const codes: string[] = [];
  const kernel = new Kernel({
    maxVarBytes: 1 << 20,
    onDiagnostic: ({ code }) => codes.push(code),
    ...options,
  });
  const accessors = options.backing && wanted === 'accessors' ? compileAccessors('shared') : null;
  const { tier, imports } = kernelImports(kernel, { tier: wanted, ...(accessors && { accessors }) });
  kernel.begin();
  const call: Env['call'] = (name, ...args) =>
    (
      imports[name as EnvFunctionName] as unknown as (
        ...args: (bigint | number)[]
      ) => bigint | number | undefined
    )(...args);
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    const handle = call('alloc', BigInt(bytes.length)) as bigint;
    for (const [index, byte] of bytes.entries()) call('store_u8', handle + BigInt(index), byte);
    return handle;
  };
  return { kernel, tier, imports, codes, call, text };
}

/** The bytes as text. A copy of them, since browsers decode no shared memory. */
export const decode = (bytes: Uint8Array | null): string | null =>
  bytes && new TextDecoder().decode(bytes.slice());

/** A view of the output that the plugin has set; null if it set none. */
export function outputOf({ memory }: Kernel): Uint8Array | null {
  return memory.hasOutput ? memory.view(memory.outputStart, memory.outputLength) : null;
}
