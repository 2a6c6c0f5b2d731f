import { compilesBytes } from './engine/features.ts';
import { jspi } from './engine/jspi.ts';
import type { Platform } from './platform/types.ts';

/** Abilities of the host on this runtime. The names are those of the official JS SDK. */
export interface Capabilities {
  /** Whether async host functions and HTTP work without a worker. */
  readonly supportsJSPromiseInterface: boolean;
  /** Whether `TextDecoder` accepts shared memory. */
  readonly allowSharedBufferCodec: boolean;
  /** Whether a manifest may name a module by `path`. */
  readonly manifestSupportsPaths: boolean;
  /** Whether the runtime applies a browser's rules to requests to other origins. */
  readonly crossOriginChecksEnforced: boolean;
  /** Whether plugins can use folders of the host. */
  readonly fsAccess: boolean;
  readonly hasWorkerCapability: boolean;
  readonly supportsWasiPreview1: boolean;
  /** Whether `timeoutMs` works. */
  readonly supportsTimeouts: boolean;
  /** Whether EXTISM_ENABLE_WASI_OUTPUT is set. */
  readonly extismStdoutEnvVarSet: boolean;
}

/** Getters, so that nothing is looked up before it is read: Deno asks its user whether the environment may be read. */
export function capabilitiesOf(platform: Platform): Capabilities {
  return Object.freeze({
    supportsJSPromiseInterface: jspi !== null,
    get allowSharedBufferCodec() {
      return decodesSharedText();
    },
    manifestSupportsPaths: platform.readFile !== undefined,
    // Outside browsers `location` is missing or its origin is opaque.
    get crossOriginChecksEnforced() {
      return (globalThis.location?.origin ?? 'null') !== 'null';
    },
    fsAccess: platform.hostFolder !== undefined,
    get hasWorkerCapability() {
      return platform.lacksWorkers() === null;
    },
    supportsWasiPreview1: true,
    get supportsTimeouts() {
      // Without workers that can be ended, checks are added to the plugin's bytes, and the platform must compile bytes.
      return (platform.lacksWorkers() ?? platform.lacksForce()) === null || compilesBytes();
    },
    get extismStdoutEnvVarSet() {
      return platform.printsWasiOutput?.() ?? false;
    },
  });
}

function decodesSharedText(): boolean {
  try {
    new TextDecoder().decode(new Uint8Array(new SharedArrayBuffer(1)));
    return true;
  } catch {
    return false;
  }
}
