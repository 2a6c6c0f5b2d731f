import { envCapabilities } from '../../abi/capabilities.ts';
import type { EnvFunctionName } from '../../abi/signatures.ts';
import { wasiCapabilities } from '../../wasi/spec/capabilities.ts';
import type { WasiFunctionName } from '../../wasi/spec/signatures.ts';
import { findReflow } from '../inspect/reflow.ts';
import type { CapabilityId, ImportName, ImportOrigin, ReportedCapability, ReportedImport } from './report.ts';

interface Capability {
  /** The power, behind "It". */
  words: string;
  /** The grant that the power needs. */
  grant: string;
}

/** All powers, the widest first. Reports list them in this order. */
export const CAPABILITIES: Readonly<Record<CapabilityId, Capability>> = {
  'host-function': {
    words: 'calls a function of the host, which does as much as the host lets it',
    grant: 'the option functions, or the stub of the command line',
  },
  http: {
    words: 'sends HTTP requests and reads their status, headers and bodies',
    grant: 'allowedHosts (allowed_hosts), one pattern for each host; none by default',
  },
  'files-write': {
    words: 'creates, changes, renames and removes files and folders',
    grant: 'allowedPaths (allowed_paths) or preopens without read-only; none by default',
  },
  'files-read': {
    words: 'reads files, lists folders, and reads sizes and times',
    grant: 'allowedPaths (allowed_paths) or preopens, read-only is enough; none by default',
  },
  sockets: { words: 'uses sockets', grant: 'cannot be granted: no descriptor is a socket' },
  environment: {
    words: 'reads environment variables',
    grant: 'cannot be granted to a plugin, whose environment is empty; createWasi has the option env',
  },
  arguments: {
    words: 'reads the arguments of the program',
    grant: 'cannot be granted to a plugin, which has no arguments; createWasi has the option args',
  },
  config: { words: 'reads config values by name', grant: 'config, one entry for each key; empty by default' },
  variables: {
    words: 'keeps variables from one call to the next',
    grant: 'given, up to memory.maxVarBytes; 0 refuses them',
  },
  state: { words: 'reads and sets the state of its actor', grant: 'given by ScriptActor' },
  packets: { words: 'sends packets to the outports of its actor', grant: 'given by ScriptActor' },
  streams: {
    words: 'writes to standard output and error, and reads standard input, which is empty',
    grant: 'given by useWasi, captured; enableWasiOutput prints it on the streams of the host',
  },
  log: { words: 'writes log lines', grant: 'given, from logLevel on; logger receives them' },
  sleep: { words: 'waits', grant: 'given by useWasi; timeoutMs limits it' },
  clocks: { words: 'reads the time', grant: 'given by useWasi' },
  random: { words: 'gets random bytes', grant: 'given by useWasi' },
  exit: { words: 'ends the call with an exit code', grant: 'given by useWasi' },
  descriptors: {
    words: 'asks which descriptors are open: streams, and the folders that it was given',
    grant: 'given by useWasi',
  },
  memory: {
    words: 'reads its input, and sets its output and error, in memory that the host shares with it',
    grant: 'given, up to memory.maxPages',
  },
};

/** Returns the powers of one import. `opensFiles` tells whether the plugin has `path_open`. */
export function capabilitiesOfImport(
  { namespace, name }: ImportName,
  origin: ImportOrigin,
  opensFiles: boolean,
): CapabilityId[] {
  switch (origin) {
    case 'kernel':
      return [envCapabilities[name as EnvFunctionName]];
    case 'wasi': {
      const { own, onFiles = [] } = wasiCapabilities[name as WasiFunctionName];
      return [...own, ...(opensFiles ? onFiles : [])];
    }
    case 'reflow':
      return [findReflow(namespace, name)!.capability];
    case 'host':
      return ['host-function'];
    default:
      return [];
  }
}

/** Collects the powers of a plugin from all its imports. */
export function collectCapabilities(imports: readonly ReportedImport[]): ReportedCapability[] {
  const found = new Map<string, ReportedCapability>();
  for (const { namespace, name, type, capabilities } of imports) {
    for (const id of capabilities) {
      const hostFunction = id === 'host-function' ? { namespace, name, type } : null;
      const key = hostFunction ? JSON.stringify([namespace, name, type]) : id;
      const capability = found.get(key) ?? { id, hostFunction, ...CAPABILITIES[id], imports: [] };
      found.set(key, capability);
      if (!capability.imports.some(item => item.namespace === namespace && item.name === name))
        capability.imports.push({ namespace, name });
    }
  }
  const order = Object.keys(CAPABILITIES);
  return [...found.values()].sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id));
}
