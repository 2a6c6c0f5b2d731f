import { viewBytes } from '../../wasi/brands.ts';
import { concat } from '../wasm/bytes.ts';

/**
 * Reads the body of a response, and stops once it is over `maxBytes`. Counts the bytes read, because the length that a
 * server states may be false.
 * @param tooLong makes the error for a body over the limit, from the number of bytes read so far
 * @param onChunk gets the bytes of each part
 */
export async function readBody(
  { body }: Pick<Response, 'body'>,
  maxBytes: number,
  tooLong: (bytes: number) => Error,
  onChunk?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      const chunk = viewBytes(part.value);
      if (!chunk) throw new TypeError('the body has a chunk that is not bytes');
      chunks.push(chunk);
      length += chunk.length;
      onChunk?.(chunk.length);
      if (length > maxBytes) throw tooLong(length);
    }
  } catch (error) {
    // Not awaited: a server may never close the connection.
    reader?.cancel().catch(() => {});
    throw error;
  }
  return concat(chunks);
}
