import type { DescriptorTable } from '../descriptors.ts';
import { Fail, type Functions } from '../result.ts';
import type { WasiFunctionName } from '../spec/signatures.ts';

type SocketFunction = Extract<WasiFunctionName, `sock_${string}`>;

/** There are no sockets: preview 1 cannot create a socket, and the host passes none. */
export function socketFunctions(descriptors: DescriptorTable): Functions<SocketFunction> {
  const refuse = (fd: number) => (descriptors.get(fd) ? Fail.ENOTSOCK : Fail.EBADF);
  return { sock_accept: refuse, sock_recv: refuse, sock_send: refuse, sock_shutdown: refuse };
}
