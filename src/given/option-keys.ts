import { LOG_LEVELS } from '../../abi/index.ts';
import { bytesOf, isModule } from '../../wasi/brands.ts';
import {
  aCount,
  aFlag,
  aFunction,
  anArray,
  aRecord,
  aText,
  type Check,
  expected,
  guarded,
  having,
  isPlain,
  type Kind,
  kind,
  type OptionRow,
  type OptionTable,
  oneOf,
  orNull,
  type Refuse,
  readOptions,
} from '../../wasi/options.ts';
import { somePreopens } from '../../wasi/wasi-options.ts';
import type { CreateErrorCode } from '../error-codes.ts';
import { CreateError, PlugboardError } from '../errors.ts';
import { HTTP_SCHEMES, mistakeInHost } from '../host/allowed-hosts.ts';
import type { Trace } from '../host/listener.ts';
import type { Recorder } from '../host/tap.ts';
import { LIMITS } from '../limits.ts';
import { withCommas } from '../units.ts';
import { isObject } from '../values/object.ts';
import { isSecret, type Secret } from '../values/secret.ts';
import { BUDGET_OPTIONS } from './budgets.ts';
import type { Logger, ManifestOptions, MemoryOptions, PluginOptions, WorkerOptions } from './options.ts';

const refuseAs =
  (code: CreateErrorCode): Refuse =>
  (message, _code, options) => {
    throw new CreateError(code, message, options);
  };
export const refuseOption = refuseAs('INVALID_OPTION');
export const refuseManifest = refuseAs('INVALID_MANIFEST');

/** Reads a manifest. Its getters may throw. */
export const readForeign = <T>(read: () => T): T => guarded('manifest', refuseManifest, read, PlugboardError);

const onNode = 'Node, Deno, Bun';

const aTimeout: Kind<number> = {
  ...aCount('milliseconds', 1),
  type: 'a whole number of milliseconds, 1 or more, or null for no limit',
};

export const aHost: Kind<string> = {
  type: 'a host name, in which *, ? and […] stand for other characters',
  check: (value, where, refuse) => {
    const host = aText.check(value, where, refuse);
    const mistake = mistakeInHost(host);
    return mistake === undefined
      ? host
      : refuse(`${where}: ${mistake} can match no host; give the name alone, such as example.com`);
  },
};

/**
 * An object of paths by paths. Refuses `ro:` before the plugin's path: it would be a part of that path, and the folder would be
 * writable. Refuses empty paths: an empty path of the host would be the current folder.
 */
const somePaths = (
  type: string,
  inOrder: (entry: [key: string, value: string]) => readonly [guest: string, host: string],
): Kind<Record<string, string>> => ({
  type,
  check: (value, where, refuse) => {
    const paths = aRecord(aText).check(value, where, refuse);
    for (const entry of Object.entries(paths)) {
      const [guest, host] = inOrder(entry);
      if (/^\s*ro\s*:/i.test(guest))
        refuse(
          `${where}: "ro:" stands before the path of the plugin, and belongs before that of the host; expected ${type}`,
        );
      if (!guest || /^(ro:)?$/.test(host)) refuse(`${where}: expected ${type}, got an empty path`);
    }
    return paths;
  },
});

const aLogger: Kind<Logger> = {
  type: 'an object of level → function, such as console',
  check: (value, where, refuse) => {
    if (!isObject(value)) return refuse(expected('an object of level → function', value, where));
    for (const level of Object.keys(LOG_LEVELS).filter(level => level !== 'silent')) {
      const log = value[level];
      if (log !== undefined) aFunction.check(log, `${where}.${level}`, refuse);
    }
    return value as Logger;
  },
};

const aConfigValue: Kind<string | Secret> = {
  type: 'a string',
  check: (value, where, refuse) => (isSecret(value) ? value : aText.check(value, where, refuse)),
};

/** The value of a variable. Bytes are copied, because the caller may change its own. */
const aVariable: Kind<string | Uint8Array> = {
  type: 'a string or a Uint8Array',
  check: (value, where, refuse) =>
    typeof value === 'string'
      ? value
      : (bytesOf(value)?.slice() ?? refuse(expected('a string or a Uint8Array', value, where))),
};

export const aModule: Kind<WebAssembly.Module> = kind('a WebAssembly.Module', isModule);
const anObject: Kind<Record<string, unknown>> = kind('an object', isPlain);

const [maxVarBytes, maxHttpResponseBytes] = [LIMITS.varBytes, LIMITS.httpResponseBytes].map(limit => ({
  ...aCount('bytes'),
  default: withCommas(limit.default),
})) as [OptionRow, OptionRow];

export const MEMORY_OPTIONS: OptionTable<MemoryOptions> = {
  of: 'memory of createPlugin and manifests',
  nullIsLeftOut: true,
  rows: {
    maxPages: {
      ...aCount('pages'),
      default: 'no limit below 4 GiB',
      grants: 'kernel memory, up to this limit',
    },
    max_pages: {
      ...aCount('pages'),
      default: 'no limit below 4 GiB',
      where: 'modules that come as bytes',
      grants: 'memory to grow by, up to this limit',
    },
    maxVarBytes: { ...maxVarBytes, grants: 'variables, up to this limit' },
    max_var_bytes: { ...maxVarBytes, sameAs: 'maxVarBytes', grants: 'variables, up to this limit' },
    maxHttpResponseBytes: { ...maxHttpResponseBytes, grants: 'HTTP responses, up to this limit' },
    max_http_response_bytes: {
      ...maxHttpResponseBytes,
      sameAs: 'maxHttpResponseBytes',
      grants: 'HTTP responses, up to this limit',
    },
  },
};

const checkMemory: Check<MemoryOptions> = (value, where, refuse) =>
  readOptions(MEMORY_OPTIONS, value, where, refuse);

const allowedHosts: OptionRow = {
  ...anArray(aHost),
  default: 'none',
  grants: 'HTTP requests to these hosts',
};
const timeoutMs: OptionRow = {
  ...aTimeout,
  default: 'no limit',
  where: 'not on workerd, nor for compiled modules where a worker cannot be ended: UNSUPPORTED',
  grants: 'time to run, up to this limit',
};

/** The keys of a manifest except `wasm`. They are options of `createPlugin` too. */
export const MANIFEST_ROWS: OptionTable<ManifestOptions>['rows'] = {
  config: {
    ...aRecord(aConfigValue, 'key'),
    default: 'empty',
    grants: 'values that the plugin reads with config_get',
  },
  allowedHosts,
  allowed_hosts: { ...allowedHosts, sameAs: 'allowedHosts' },
  allowedPaths: {
    ...somePaths(
      'an object of path of the plugin → path of the host, with ro: before it to read only',
      entry => entry,
    ),
    default: 'none',
    where: onNode,
    grants: 'these folders of the host; with ro: before the path, reading only',
  },
  allowed_paths: {
    ...somePaths(
      'an object of path of the host, with ro: before it to read only → path of the plugin',
      ([host, guest]) => [guest, host],
    ),
    default: 'none',
    where: onNode,
    sameAs: 'allowedPaths',
    grants: 'these folders of the host; with ro: before the path, reading only',
  },
  memory: { type: 'an object, see below', check: checkMemory, default: 'see below' },
  timeoutMs,
  timeout_ms: { ...timeoutMs, sameAs: 'timeoutMs' },
};

/** Hints for options of current and older Extism SDKs that would have no effect here. */
const OLDER_OPTIONS = {
  fsAccess: 'not an option of Extism, whose SDK ignores it; name the folders in allowedPaths',
  supportsWasiPreview1:
    'not an option of Extism, whose SDK ignores it; leave it out: WASI is on where a module imports it',
  runtime: 'an older option of Extism, which its SDK ignores; leave it out: the kernel is built in',
  offMainThread: 'an older option of Extism, which its SDK ignores; give runInWorker',
};

const KEPT_LINES = 'not printed; the last lines are kept for errors that end an instance';

export const WORKER_OPTIONS: OptionTable<WorkerOptions> = {
  of: 'workers of createPlugin',
  nullIsLeftOut: true,
  rows: { keep: { ...aCount('workers'), default: '0', where: 'plugins without nodeWorkerArgs' } },
};

export const PLUGIN_OPTIONS: OptionTable<PluginOptions> = {
  of: 'createPlugin(manifest, options)',
  nullIsLeftOut: true,
  rows: {
    ...MANIFEST_ROWS,
    timeoutBy: {
      ...oneOf(['checks', 'worker']),
      default: 'worker where workers can be used, else checks',
    },
    queueTimeoutMs: {
      ...aTimeout,
      default: `${LIMITS.queueMs.default}`,
      where: 'for calls that a pending host function may have made',
    },
    useWasi: {
      ...aFlag,
      default: 'true',
      grants: 'WASI to modules that import it: clocks, random bytes and captured output; false refuses them',
    },
    enableWasiOutput: {
      ...aFlag,
      default: 'whether EXTISM_ENABLE_WASI_OUTPUT is set; elsewhere false',
      grants: "writing to the host's stdout and stderr",
    },
    logger: { ...aLogger, default: 'console' },
    logLevel: { ...oneOf(Object.keys(LOG_LEVELS)), default: 'silent' },
    vars: {
      ...aRecord(aVariable),
      default: 'none',
      grants: 'these values, which the plugin reads with var_get',
    },
    functions: {
      ...aRecord(aRecord(aFunction), 'namespace'),
      default: 'none',
      grants: 'these functions of the host',
    },
    fetch: { ...aFunction, default: 'the fetch of the platform', grants: 'HTTP by this function' },
    allowHttpResponseHeaders: { ...aFlag, default: 'false', grants: 'the headers of HTTP responses' },
    allowedSchemes: {
      ...anArray(oneOf(HTTP_SCHEMES)),
      default: HTTP_SCHEMES.join(', '),
      grants: 'HTTP requests with these schemes only',
    },
    allowPrivateAddresses: {
      ...aFlag,
      default: 'true',
      where: 'false: Node, Deno, Bun without the option fetch; elsewhere UNSUPPORTED',
      grants: 'HTTP requests to addresses outside the public internet; false refuses them',
    },
    runInWorker: {
      ...aFlag,
      default: 'false, unless the plugin has to wait',
      where: 'where there are workers',
    },
    isolation: { ...oneOf(['shared', 'fresh']), default: 'shared' },
    limits: {
      type: 'an object, see below',
      check: (value, where, refuse) => readOptions(BUDGET_OPTIONS, value, where, refuse),
      default: 'no limits',
    },
    policy: {
      ...kind('JSON text, or an object, see below', value => typeof value === 'string' || isPlain(value)),
      default: 'none: all that manifest and options grant',
      grants: 'no more than the policy allows',
    },
    sharedArrayBufferSize: { ...aCount('bytes'), default: 'none: the option has no effect' },
    nodeWorkerArgs: { ...anObject, default: 'none', where: onNode },
    workers: {
      type: 'an object, see below',
      check: (value, where, refuse) => readOptions(WORKER_OPTIONS, value, where, refuse),
      default: 'none is kept',
      where: 'where there are workers',
    },
    preopens: { ...somePreopens, default: 'none', grants: 'these folders' },
    kernel: {
      ...oneOf(['reference', 'accessors']),
      default: 'accessors where the platform compiles bytes',
    },
    accessors: { ...aModule, default: 'compiled where the platform compiles bytes' },
    stdout: { ...aFunction, default: KEPT_LINES },
    stderr: { ...aFunction, default: KEPT_LINES },
    onDiagnostic: { ...aFunction, default: 'diagnostics are dropped' },
    strict: { ...aFlag, default: 'false' },
    debug: {
      ...aFunction,
      default: 'printed on stderr if PLUGBOARD_LOG=debug or RUST_LOG=reflow_script=debug; elsewhere none',
    },
    trace: { ...orNull(having<Trace>('a trace, which createTrace makes', 'attach')), default: 'none' },
    record: {
      ...orNull(having<Recorder>('a recorder', 'open')),
      default: 'none',
    },
  },
  hints: OLDER_OPTIONS,
};
