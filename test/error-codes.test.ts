import { ABI_ERROR_CODES, type AbiError, type AbiErrorCode } from '../abi/index.ts';
import type {
  ActorError,
  CallError,
  CreateError,
  ModuleError,
  PlugboardErrorCode,
  ProcessError,
} from '../src/actor/index.ts';
import { codeOf } from '../src/actor/process-error.ts';
import { isCallErrorCode } from '../src/call-error.ts';
import type { ErrorCode } from '../src/error-codes.ts';
import { isCreateErrorCode } from '../src/errors.ts';
import { ExitStop } from '../src/link/instance.ts';
import { ERROR_CODES, PlugboardError } from '../src/node.ts';
import { fromPlain, type PlainError, toPlain } from '../src/run/worker/protocol.ts';
import { WasiError, type WasiErrorCode, WasiExit } from '../wasi/index.ts';
import { equal, is, ok } from './helpers/assert.ts';
import { suite } from './helpers/suite.ts';

/** Compiles only if every code has a case: the parameter of the default is `never` then. */
const unhandled = (code: never): string => code;

function adviceFor({ code }: WasiError): string {
  switch (code) {
    case 'WASI_INVALID_OPTION':
    case 'WASI_INVALID_ARG':
    case 'WASI_INVALID_ENV':
    case 'WASI_INVALID_MEMORY':
    case 'WASI_INVALID_LIMIT':
    case 'WASI_INVALID_READ':
    case 'WASI_INVALID_FILES':
    case 'WASI_INVALID_PREOPEN':
    case 'WASI_TOO_LARGE':
      return 'correct the argument';
    case 'WASI_INVALID_INSTANCE':
    case 'WASI_IS_COMMAND':
    case 'WASI_NO_START':
    case 'WASI_OTHER_VERSION':
      return 'correct the module';
    case 'WASI_STARTED':
      return 'make a new WASI';
    default:
      return unhandled(code);
  }
}

function isRetried({ code }: CallError): boolean {
  switch (code) {
    case 'TIMEOUT':
    case 'QUEUE_TIMEOUT':
    case 'WORKER_FAILED':
    case 'HTTP_FAILED':
      return true;
    case 'ABORTED':
    case 'BUDGET_EXCEEDED':
    case 'BAD_SIGNATURE':
    case 'CLOSED':
    case 'EXIT':
    case 'FUEL_EXHAUSTED':
    case 'FUNCTION_NOT_FOUND':
    case 'HOST_FUNCTION_ASYNC':
    case 'HOST_FUNCTION_FAILED':
    case 'HTTP_DENIED':
    case 'HTTP_NOT_ENABLED':
    case 'HTTP_RESPONSE_LIMIT':
    case 'IMPORT_TYPE_MISMATCH':
    case 'INIT_FAILED':
    case 'INVALID_HANDLE':
    case 'INVALID_HTTP_REQUEST':
    case 'INVALID_INPUT':
    case 'INVALID_OPTION':
    case 'INVALID_RANGE':
    case 'INVALID_UTF8':
    case 'MEMORY_LIMIT':
    case 'NONZERO_RESULT':
    case 'PLUGIN_ERROR':
    case 'REENTRANT_CALL':
    case 'STACK_OVERFLOW':
    case 'TEXT_TOO_LONG':
    case 'TRAP':
    case 'UNKNOWN_HANDLE_FREED':
    case 'UNSUPPORTED':
    case 'VARS_DISABLED':
    case 'VAR_LIMIT':
    case 'WASI_NO_MEMORY':
      return false;
    default:
      unhandled(code);
      return false;
  }
}

/** Whether the default of a switch gets `never`, that is, whether `Handled` has every code. */
type IsExhaustive<Code, Handled> = [Exclude<Code, Handled>] extends [never] ? true : false;
type IsUnion<Code> = string extends Code ? false : true;
type Coded =
  | PlugboardError
  | CreateError
  | CallError
  | ActorError
  | ModuleError
  | ProcessError
  | AbiError
  | WasiError
  | WasiExit;

const types: {
  all: IsExhaustive<WasiErrorCode, WasiErrorCode>;
  oneMissing: IsExhaustive<WasiErrorCode, Exclude<WasiErrorCode, 'WASI_STARTED'>>;
  unions: IsUnion<Coded['code']>;
  inTheTable: IsExhaustive<Coded['code'], PlugboardErrorCode>;
  abiRows: IsExhaustive<AbiErrorCode, (typeof ERROR_CODES)[number]['code']>;
} = { all: true, oneMissing: false, unions: true, inTheTable: true, abiRows: true };

const plain = (name: string, code?: string): PlainError => ({
  name,
  message: 'a message',
  stack: undefined,
  code,
  exitCode: undefined,
});

suite('error codes', test => {
  test('a switch over the codes of a class is exhaustive, and a missing case does not compile', () => {
    equal([types.all, types.oneMissing], [true, false]);
    is(adviceFor(new WasiError('WASI_STARTED', '')), 'make a new WASI');
    const coded = { code: 'TIMEOUT' } as const satisfies Pick<CallError, 'code'>;
    is(isRetried(coded as CallError), true);
  });

  test('the code of each row is known, and no other text is', () => {
    const codesAt = (place: string) =>
      ERROR_CODES.filter(({ where }: ErrorCode) => where.includes(place)).map(({ code }) => code);
    const codes = ERROR_CODES.map(({ code }) => code);
    equal(codes.filter(isCreateErrorCode), codesAt('createPlugin'));
    equal(codes.filter(isCallErrorCode), codesAt('call'));
    const others = ['toString', '', 'EPERM', null, undefined, 0, {}];
    equal([...others.filter(isCreateErrorCode), ...others.filter(isCallErrorCode)], []);
    equal(
      ABI_ERROR_CODES.filter(code => !codes.includes(code)),
      [],
    );
  });

  test('errors of abi and wasi are instances of PlugboardError, and not of its subclasses', () => {
    const own = new PlugboardError('TRAP', '');
    for (const error of [new WasiError('WASI_STARTED', ''), new WasiExit(0), own]) {
      ok(error instanceof PlugboardError);
      is((error as unknown) instanceof class extends PlugboardError {}, false);
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const other of [new Error(''), { code: 'TRAP' }, proxy, null, 'TRAP'])
      is((other as unknown) instanceof PlugboardError, false);
  });

  test('a code is read from errors of plugboard only, and only if a table has it', () => {
    is(codeOf(new PlugboardError('TRAP', '')), 'TRAP');
    is(codeOf(new PlugboardError('JSON_SYNTAX', '')), 'JSON_SYNTAX');
    is(codeOf(Object.assign(new Error(''), { code: 'TRAP' })), undefined);
    is(codeOf(new PlugboardError('EPERM' as PlugboardErrorCode, '')), undefined);
    const lying = new PlugboardError('TRAP', '');
    Object.defineProperty(lying, 'code', { get: () => raise() });
    is(codeOf(lying), undefined);
  });

  test('a worker message with an unknown code becomes an error without a code', () => {
    equal(
      [
        plain('AbiError', 'TRAP'),
        plain('PlugboardError', 'EPERM'),
        plain('PlugboardError'),
        plain('toString'),
      ].map(message => [fromPlain(message).name, codeOf(fromPlain(message))]),
      Array.from({ length: 4 }, () => ['Error', undefined]),
    );
    const known = [new PlugboardError('HTTP_DENIED', 'a'), new WasiError('WASI_INVALID_PREOPEN', 'b')];
    equal(
      known.map(error => codeOf(fromPlain(toPlain(error)))),
      ['HTTP_DENIED', 'FOLDER_UNAVAILABLE'],
    );
    is((fromPlain(toPlain(new ExitStop(7))) as ExitStop).exitCode, 7);
  });
});

function raise(): never {
  throw new Error('read');
}
