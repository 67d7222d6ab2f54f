import type { ProtocolVersion } from '../wire/protocol-version.ts';
import { encodeRequest } from '../wire/request.ts';

const source = Buffer.from('int foo(){return 0;}\n');

/** A request that any server with the compiler can do, in pieces to be written in this order. */
export function testCompile(compiler: string, version: ProtocolVersion): Buffer[] {
  const argv = [compiler, '-c', 'hello.c', '-o', 'hello.o'];
  if (version !== 3) return encodeRequest({ version, argv, source });
  return encodeRequest({
    version,
    directory: '/',
    argv,
    files: [{ kind: 'file', name: '/hello.c', content: source }],
  });
}
