import { describe, it } from 'vitest';
import { readDependencyRule } from '../../../src/compiler/content/dependency-rule.ts';
import { readFingerprint, versionsInText } from '../../../src/compiler/content/fingerprint.ts';
import { doubtfulWarning } from '../../../src/compiler/messages/doubtful-warnings.ts';
import { fallThroughsIn } from '../../../src/compiler/messages/fall-through.ts';
import { firstError } from '../../../src/compiler/messages/first-error.ts';
import { paletteChanges } from '../../../src/compiler/messages/palette.ts';
import { tellsResourceExhaustion } from '../../../src/compiler/messages/resource-exhaustion.ts';
import { expectLinear } from '../../support/linear.ts';

/** Readers of what clients and hosts write. */
const readers: readonly (readonly [name: string, read: (text: string) => unknown])[] = [
  ['readDependencyRule()', (text) => readDependencyRule(`a.o: ${text}`)],
  ['readDependencyRule() before the colon', (text) => readDependencyRule(text)],
  ['versionsInText()', versionsInText],
  ['readFingerprint()', readFingerprint],
  ['fallThroughsIn()', fallThroughsIn],
  ['firstError()', firstError],
  ['doubtfulWarning() of gcc', (text) => doubtfulWarning(['gcc'], text)],
  ['doubtfulWarning() of clang', (text) => doubtfulWarning(['clang'], text)],
  ['paletteChanges()', (text) => paletteChanges('error=01;32', text)],
  ['tellsResourceExhaustion()', tellsResourceExhaustion],
];

/** What a reader could look at again from every place. */
const pieces = [
  '\\',
  ' ',
  '\n',
  '\t\n',
  '#',
  '$',
  ':',
  '1',
  ':1',
  'x:1:1: ',
  ': In ',
  ': At :',
  '\u001B[',
  '\u001B]8;;',
  '\u001B[0;',
  '|',
  '1 |',
  ' from ',
  '.ident "',
  '.ident ',
  '.file',
  '"\\',
  '-Werror=',
  'tautological-',
  'No space ',
];

describe.each(readers)('%s', (_, read) => {
  it.each(pieces)('takes no more than its share of time for %j again and again', (piece) => {
    expectLinear(read, (length) => `${piece.repeat(length / piece.length)}x\n`);
  });
});
