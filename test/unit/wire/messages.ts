import fc from 'fast-check';
import type { CompileRequest, TreeEntry } from '../../../src/wire/request.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';

const argv = ['x86_64-linux-gnu-gcc', '-O2', '-DNAME="Grüße"', '', '-c', 'a.c', '-o', 'a.o'];
const source = Buffer.from('# 1 "a.c"\nint answer(void) { return 42; }\nint answers(void) { return 42 + 42 + 42; }\n');
const nothing = Buffer.alloc(0);
const object = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(90), Buffer.from([1, 2, 3, 0, 255])]);
const warning = Buffer.from("a.c:1: warning: unused variable 'x'\na.c:2: warning: unused variable 'y'\n");

const files: readonly TreeEntry[] = [
  { kind: 'file', name: '/home/me/proj/a.c', content: source },
  { kind: 'file', name: '/home/me/proj/empty.h', content: nothing },
  { kind: 'link', name: '/usr/include', target: '../../../../usr/include' },
];

/** A request of every kind. */
export const requests: Readonly<Record<string, CompileRequest>> = {
  'version 1': { version: 1, argv, source },
  'version 1 without source': { version: 1, argv: ['cc'], source: nothing },
  'version 2': { version: 2, argv, source },
  'version 2 without source': { version: 2, argv, source: nothing },
  'version 3': { version: 3, directory: '/home/me/proj', argv, files },
  'version 3 without files': { version: 3, directory: '/', argv, files: [] },
};

/** A response of every kind. */
export const responses: Readonly<Record<string, CompileResponse>> = {
  'version 1, success': { version: 1, status: 0, stderr: nothing, stdout: nothing, object },
  'version 1, warnings': { version: 1, status: 0, stderr: warning, stdout: Buffer.from('out\n'), object },
  'version 1, failure': { version: 1, status: 0x100, stderr: warning, stdout: nothing, object: nothing },
  'version 2, success': { version: 2, status: 0, stderr: warning, stdout: nothing, object },
  'version 2, killed': { version: 2, status: 0x8b, stderr: nothing, stdout: nothing, object: nothing },
  'version 3, success': {
    version: 3,
    status: 0,
    stderr: nothing,
    stdout: nothing,
    object,
    dependencies: Buffer.from('a.o: a.c inc/b.h\n'),
  },
  'version 3, empty dependencies': {
    version: 3,
    status: 0,
    stderr: nothing,
    stdout: nothing,
    object,
    dependencies: nothing,
  },
  'version 3, no dependencies': { version: 3, status: 0, stderr: nothing, stdout: nothing, object },
  'version 3, failure': { version: 3, status: 0x700, stderr: warning, stdout: nothing, object: nothing },
};

const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const sentence = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\0', ''));
const argumentsOf = fc.array(sentence, { minLength: 1, maxLength: 12 });
const path = sentence.map((text) => `/${text}`).filter((text) => !text.split('/').includes('..'));
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc.record({ kind: fc.constant('file'), name: path, content }),
  fc.record({ kind: fc.constant('link'), name: path, target: sentence.filter((text) => text !== '') }),
);

/** Any request. */
export const anyRequest: fc.Arbitrary<CompileRequest> = fc.oneof(
  fc.record({ version: fc.constantFrom(1, 2), argv: argumentsOf, source: content }),
  fc.record({ version: fc.constant(3), directory: path, argv: argumentsOf, files: fc.array(entry, { maxLength: 8 }) }),
);

const plainResponse = {
  status: fc.oneof(fc.constant(0), fc.nat(0xffff)),
  stderr: content,
  stdout: content,
  object: content,
};

/** Any response; a dependency file only where one may be sent. */
export const anyResponse: fc.Arbitrary<CompileResponse> = fc.oneof(
  fc.record({ version: fc.constantFrom(1, 2, 3), ...plainResponse }),
  fc.record({ version: fc.constant(3), ...plainResponse, status: fc.constant(0), dependencies: content }),
);
