import { type EnvFunctionName, type EnvImports, envSignatures, type Kernel } from '../../abi/index.ts';
import { CreateError } from '../errors.ts';
import type { Ask } from '../wasm/ask.ts';
import { arm, makeAsk } from '../wasm/make-ask.ts';
import type { HostImport } from './imports.ts';
import type { Link } from './plan.ts';

type Fn = HostImport['fn'];

/** Blocks of so many bytes and more take longer to allocate than the time is asked. */
const LONG_BYTES = 4096n;

interface Deadline {
  isOver(): boolean;
  checkpoint(): void;
}

/** @param deadline null for modules whose calls have no time limit */
export const checksOn = (kernel: Kernel, deadline: Deadline | null): Checks =>
  deadline
    ? new Checks(
        () => deadline.isOver(),
        () => deadline.checkpoint(),
      )
    : new Checks(
        () => false,
        () => kernel.check(),
      );

/** Stops metered modules. Loaded only where there are some. */
export class Checks {
  /** Stops their code, between instructions. */
  readonly #ask: Ask;
  /** Stops their imports, whose time no check of the code counts. @throws the reason for which the call must stop */
  readonly checkpoint: () => void;

  /** @throws {CreateError} UNSUPPORTED where no bytes are compiled: the function of the checks is a small module */
  constructor(mustStop: () => boolean, checkpoint: () => void) {
    this.checkpoint = checkpoint;
    try {
      this.#ask = makeAsk(mustStop);
    } catch (error) {
      const message = `the module has checks for a time limit, which need a platform that compiles bytes; prepare it with --fuel, not --time`;
      throw new CreateError('UNSUPPORTED', message, { cause: error });
    }
  }

  /** Connects an instance, and then runs the function of its start section. */
  arm(instance: WebAssembly.Instance): void {
    arm(instance, this.#ask);
  }

  /**
   * Ends the call before an import runs, if its time is over: else thousands of calls of a slow one could pass between two questions of the
   * code. Functions that need only the kernel memory are short. WASI asks by itself.
   */
  guard({ provider, name }: Link, fn: Fn): Fn {
    if (provider.kind === 'wasi') return fn;
    const { checkpoint } = this;
    const checked: Fn = (...args) => {
      checkpoint();
      return fn(...args);
    };
    if (provider.kind !== 'kernel') return checked;
    if (name !== 'alloc') return envSignatures[name as EnvFunctionName][2] === 'caller' ? checked : fn;
    const alloc = fn as EnvImports['alloc'];
    return (bytes: bigint) => {
      if (bytes >= LONG_BYTES || bytes < 0n) checkpoint();
      return alloc(bytes);
    };
  }
}
