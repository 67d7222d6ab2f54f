import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressLzo } from '../src/wire/lzo/compress.ts';
import { decompressLzo } from '../src/wire/lzo/decompress.ts';

const sourceLength = 1_700_000;
const warmUps = 20;
const rounds = 9;
/** One call takes a few ms: a round of several calls is disturbed less by other programs. */
const callsPerRound = 8;

const headers =
  'algorithm array chrono deque fstream functional future iostream list map memory mutex random regex set sstream string thread tuple unordered_map variant vector';

/** The C library doing the same: packs the first file, unpacks the second, prints the medians in ns. */
const program = `
#include <lzo/lzo1x.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
static int order(const void *a, const void *b) { double d = *(const double *)a - *(const double *)b; return (d > 0) - (d < 0); }
static unsigned char *load(const char *name, lzo_uint *length) {
  FILE *file = fopen(name, "rb");
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  *length = ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*length + 1);
  if (fread(bytes, 1, *length, file) != *length) exit(2);
  fclose(file);
  return bytes;
}
int main(int count, char **arg) {
  lzo_uint length, packedLength, out;
  if (count != 3 || lzo_init() != LZO_E_OK) return 2;
  unsigned char *plain = load(arg[1], &length), *packed = load(arg[2], &packedLength);
  unsigned char *room = malloc(length + length / 16 + 67), *work = malloc(LZO1X_1_MEM_COMPRESS);
  double pack[${rounds}], unpack[${rounds}];
  for (int i = -1; i < ${rounds}; i++) {
    double begin = now();
    for (int j = 0; j < ${callsPerRound}; j++) lzo1x_1_compress(plain, length, room, &out, work);
    double middle = now();
    for (int j = 0; j < ${callsPerRound}; j++) {
      out = length;
      if (lzo1x_decompress_safe(packed, packedLength, room, &out, NULL) != LZO_E_OK || out != length) return 3;
    }
    if (i >= 0) pack[i] = (middle - begin) / ${callsPerRound}, unpack[i] = (now() - middle) / ${callsPerRound};
  }
  qsort(pack, ${rounds}, sizeof *pack, order);
  qsort(unpack, ${rounds}, sizeof *unpack, order);
  printf("%.0f %.0f\\n", pack[${rounds} / 2], unpack[${rounds} / 2]);
  return 0;
}
`;

/** Reports how fast LZO1X packs and unpacks preprocessed C++, and how fast the C library does where it can be built. */
// oxlint-disable-next-line typescript/require-await -- every benchmark is called the same way
export async function benchLzo(report: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-lzo-'));
  try {
    const plain = preprocessed(folder);
    if (plain === undefined) {
      report('lzo: cannot preprocess C++ here: install g++');
      return;
    }
    const packed = compressLzo(plain);
    if (!decompressLzo(packed, plain.length).equals(plain)) throw new Error('what was packed came out different');
    const ours = {
      pack: medianTime(() => compressLzo(plain)),
      unpack: medianTime(() => decompressLzo(packed, plain.length)),
    };
    const library = measureLibrary(folder, plain, packed);
    report(`lzo: ${plain.length} bytes of preprocessed C++ packed to ${packed.length}`);
    report(line('compress', plain.length, ours.pack, library?.pack));
    report(line('decompress', plain.length, ours.unpack, library?.unpack));
    if (library === undefined) report('lzo: cannot build the C library for comparison: install cc and liblzo2-dev');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function line(what: string, length: number, ours: number, library: number | undefined): string {
  const speed = (nanoseconds: number): string => `${((length / nanoseconds) * 1000).toFixed(0)} MB/s`;
  const compared = library === undefined ? '' : `, liblzo2 ${speed(library)}, ratio ${(library / ours).toFixed(2)}`;
  return `lzo: ${what} ${speed(ours)}${compared}`;
}

/** What a compiler's front end makes of many standard headers, cut or repeated to the same length everywhere. */
function preprocessed(folder: string): Buffer | undefined {
  const source = join(folder, 'all.cc');
  const includes = headers.split(' ').map((header) => `#include <${header}>\n`);
  writeFileSync(source, includes.join(''));
  try {
    const text = execFileSync('g++', ['-std=c++17', '-E', source], {
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Buffer.alloc(sourceLength, text);
  } catch {
    return undefined;
  }
}

/** The median time of one call, in ns. */
function medianTime(work: () => unknown): number {
  for (let call = 0; call < warmUps; call += 1) work();
  const times = Array.from({ length: rounds }, () => {
    const begin = process.hrtime.bigint();
    for (let call = 0; call < callsPerRound; call += 1) work();
    return Number(process.hrtime.bigint() - begin) / callsPerRound;
  });
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}

/** The C library's times for the same work, or undefined where it cannot be built. */
function measureLibrary(folder: string, plain: Buffer, packed: Buffer): { pack: number; unpack: number } | undefined {
  const [code, binary] = [join(folder, 'lzo.c'), join(folder, 'lzo')];
  const [plainFile, packedFile] = [join(folder, 'plain'), join(folder, 'packed')];
  writeFileSync(code, program);
  writeFileSync(plainFile, plain);
  writeFileSync(packedFile, packed);
  try {
    execFileSync('cc', ['-O2', '-o', binary, code, '-llzo2'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const times = execFileSync(binary, [plainFile, packedFile], { encoding: 'utf8' });
  const [pack, unpack] = times.trim().split(' ').map(Number);
  return pack === undefined || unpack === undefined ? undefined : { pack, unpack };
}
