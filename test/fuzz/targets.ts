import { audit } from './audit.ts';
import { graph } from './graph.ts';
import { http } from './http.ts';
import { json } from './json.ts';
import { kernel } from './kernel.ts';
import { manifest } from './manifest.ts';
import { paths } from './paths.ts';
import { policy } from './policy.ts';
import { recording } from './recording.ts';
import type { Target } from './target.ts';
import { trace } from './trace.ts';
import { meter, reader } from './wasm.ts';

/** Each checks its own inputs only, so a target of any input is safe here. */
export const TARGETS = [
  reader,
  meter,
  audit,
  manifest,
  json,
  paths,
  http,
  graph,
  kernel,
  policy,
  trace,
  recording,
] as readonly Target[];
