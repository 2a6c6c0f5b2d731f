import { report } from '../../steps.mjs';

export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';
export const GET = async () => Response.json(await report());
