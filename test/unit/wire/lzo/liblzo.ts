import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = `
#include <lzo/lzo1x.h>
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **arg) {
  static unsigned char in[1 << 22], out[1 << 23];
  lzo_uint length = fread(in, 1, sizeof in, stdin), written = sizeof out;
  void *work = malloc(LZO1X_999_MEM_COMPRESS);
  int result = 1;
  if (count != 2 || lzo_init() != LZO_E_OK) return 2;
  if (*arg[1] == '1') result = lzo1x_1_compress(in, length, out, &written, work);
  if (*arg[1] == '9') result = lzo1x_999_compress(in, length, out, &written, work);
  if (*arg[1] == 'd') result = lzo1x_decompress_safe(in, length, out, &written, NULL);
  if (result != LZO_E_OK) return 3;
  return fwrite(out, 1, written, stdout) == written ? 0 : 4;
}
`;

/** The C library: packs as miniLZO does, packs as well as it can, unpacks. */
export interface LibLzo {
  readonly pack1: (plain: Buffer) => Buffer;
  readonly pack999: (plain: Buffer) => Buffer;
  readonly unpack: (packed: Buffer) => Buffer;
  readonly close: () => void;
}

/** Builds a program around the C library; undefined where a compiler or liblzo2's headers are missing. */
export function buildLibLzo(): LibLzo | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'liblzo-'));
  const [code, binary] = [join(folder, 'lzo.c'), join(folder, 'lzo')];
  writeFileSync(code, program);
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync('cc', ['-O1', '-o', binary, code, '-llzo2'], { stdio: 'ignore' });
  } catch {
    close();
    return undefined;
  }
  const run = (mode: string) => (input: Buffer) => execFileSync(binary, [mode], { input, maxBuffer: 1 << 24 });
  return { pack1: run('1'), pack999: run('9'), unpack: run('d'), close };
}
