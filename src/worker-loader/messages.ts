import type { ErrorCode } from '../error-codes.ts';
import type { BuiltFacts } from '../module/built.ts';
import type { LoadedPluginOptions } from './options.ts';

/** The module `settings.json` of the child isolate. */
export interface ChildSettings {
  facts: BuiltFacts;
  options: Pick<LoadedPluginOptions, 'config' | 'isolation' | 'limits'>;
}

/** An error as data. RPC would keep name and message alone. */
export interface SentError {
  /** Whether it is a CallError. Else it is a CreateError. */
  isOfCall: boolean;
  code: ErrorCode['code'];
  message: string;
  output: Uint8Array | null;
  exitCode: number | null;
  stdout: readonly string[];
  stderr: readonly string[];
  wasmStack: readonly string[];
}

/** The result of a method of the child isolate. */
export interface Answer {
  error?: SentError;
  output?: Uint8Array | null;
  /** `fuelUsed` of the plugin. */
  fuel: number | null;
}

/** The methods of the child isolate. */
export interface Child {
  start(): Promise<Answer>;
  call(name: string, input: string | Uint8Array): Promise<Answer>;
  close(): Promise<void>;
}
