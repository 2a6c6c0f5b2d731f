import accessors from 'plugboard/abi/accessors.wasm?module';
import { report } from '../../steps.mjs';
import plugin from './plugin.wasm?module';

export const runtime = 'edge';
export const dynamic = 'force-dynamic';
// The edge runtime compiles no bytes, so it imports compiled modules.
export const GET = async () => Response.json(await report(() => accessors, plugin));
