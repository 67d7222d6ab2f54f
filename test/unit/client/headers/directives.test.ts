import { describe, expect, it } from 'vitest';
import { readingsOf } from '../../../../src/client/headers/clean-text.ts';
import { readDefinitions, readDirectives } from '../../../../src/client/headers/directives.ts';

const readAll = (text: string) => readDirectives(readingsOf(Buffer.from(text, 'latin1')));
const namesIn = (text: string): string[] =>
  readAll(text).references.map(({ purpose, form, name }) =>
    `${purpose} ${form} ${name}`.replaceAll('\x01', '{').replaceAll('\x02', '}'),
  );

describe('readDirectives()', () => {
  it.each([
    ['#include "a.h"', 'include quoted a.h'],
    ['#include <a.h>', 'include angled a.h'],
    ['  #  include\t<a.h> // why', 'include angled a.h'],
    ['#include<a.h>/* why */', 'include angled a.h'],
    ['#include /* where */ "a.h"', 'include quoted a.h'],
    ['#/* a */ /* b */include /* c\n d */ "a.h"', 'include quoted a.h'],
    ['/* a */ #include "a.h"', 'include quoted a.h'],
    ['/* a\n b */ #include "a.h"', 'include quoted a.h'],
    ['/**//**/#include "a.h"', 'include quoted a.h'],
    ['#inc\\\nlude "a.h"', 'include quoted a.h'],
    ['#inc\\ \t\r\nlude "a\\\n.h"\r\n', 'include quoted a.h'],
    ['\\\n#include "a.h"', 'include quoted a.h'],
    ['#\\\ninclude\\\n\\\n<a.h\\\n>', 'include angled a.h'],
    ['/\\\n* a *\\\n/ #include "a.h"', 'include quoted a.h'],
    ['%:include "a.h"', 'include quoted a.h'],
    ['??=include "a.h"', 'include quoted a.h'],
    ['#inc??/\nlude "a.h"', 'include quoted a.h'],
    ['\xef\xbb\xbf#include "a.h"', 'include quoted a.h'],
    ['int x;\r#include "a.h"\rint y;', 'include quoted a.h'],
    ['\f\v\t #include "a.h"', 'include quoted a.h'],
    ['#include_next <a.h>', 'next angled a.h'],
    ['#import <a.h>', 'include angled a.h'],
    ['#embed "a.bin" limit(4)', 'embed quoted a.bin'],
    ['#embed "a.bin" limit(1 + __has_include("b.h"))', 'exists quoted b.h'],
    ['#embed <a.bin> limit(__has_embed("b.bin") ? 1 : 2)', 'exists quoted b.bin'],
    ['#include <a//b.h>', 'include angled a//b.h'],
    ["#include <don't.h>", "include angled don't.h"],
    ['#include <a/*b.h>', 'include angled a/*b.h'],
    ['#include "a//b.h"', 'include quoted a//b.h'],
    ['#include "a\\b.h"', 'include quoted a\\b.h'],
    ['#include "a b.h" junk', 'include quoted a b.h'],
    ['#include NAME', 'include computed NAME'],
    ['#include NAME(x)', 'include unknown NAME(x)'],
    ['#include PREFIX "a.h"', 'include unknown PREFIX "a.h"'],
    ['#if 0\n#include "a.h"\n#endif', 'include quoted a.h'],
    ['#if 0\ndon\'t\n#include "a.h"\n#endif', 'include quoted a.h'],
    ['#error don\'t /* stop\n#include "a.h"', 'include quoted a.h'],
    ['int a = 1\'000; /* \' */\n#include "a.h"', 'include quoted a.h'],
    // C before C23 reads a character that is not ended there, and no comment.
    ['#if 0\nthe 80\'s /* and\n#endif\n#include "a.h"\n/* */', 'include quoted a.h'],
    ['#if 0\nthe 80\'s /* and\n*/\n#endif\n#include "a.h"', 'include quoted a.h'],
    ['int a = 0x1p\'/*\';\n#include "a.h"\n/* */', 'include quoted a.h'],
    ['#define R(x) u8R"(/*)"\nint a = 1\'0; char b[] = R"(\' /*)";\n#include "a.h"', 'include quoted a.h'],
    ['\0#include\0"a.h"', 'include quoted a.h'],
    ['char a = \'"\'; /* " */\n#include "a.h"', 'include quoted a.h'],
    ['char *a = "/*";\n#include "a.h"', 'include quoted a.h'],
    ['char *a = "\\\\"; /* " */\n#include "a.h"', 'include quoted a.h'],
    ['char *a = R"(/*)";\n#include "a.h"', 'include quoted a.h'],
    ['char *a = R"x("\n/*)x";\n#include "a.h"', 'include quoted a.h'],
    ['#define R "\n#define S R"(/*\n#include "a.h"', 'include quoted a.h'],
    ['#if __has_include("a.h")', 'exists quoted a.h'],
    ['#elif defined(X) && __has_include ( <a.h> )', 'exists angled a.h'],
    ['#if __has_include_next(<a.h>)', 'next exists angled a.h'],
    ['#if __has_include__(<a.h>)', 'exists angled a.h'],
    ['#if __has_embed("a.bin" limit(1))', 'exists quoted a.bin'],
    ['#if __has_include(NAME) && 1', 'exists computed NAME'],
    ['#if __has_include(\0"a.h")', 'exists quoted a.h'],
    ['#include \xc3\xa4', 'include computed \xc3\xa4'],
    ['#include \\u00e4', 'include computed \xc3\xa4'],
    ['#include \\U000000E4', 'include computed \xc3\xa4'],
    ['#if __has_include(NAME(x))', 'exists unknown NAME(x'],
    ['#define HAS __has_include("a.h")', 'exists text "a.h"'],
    ['#define HAS __has_include(<linux/a.h>) && 1', 'exists text <linux/a.h>'],
    ['#define HAS __has_include(NAME)', 'exists text NAME'],
    ['#define HAS(x) __has_include("a.h")', 'exists text "a.h"'],
    ['#define HAS(x) __has_include(x)', 'exists asking HAS {0}'],
    ['#define HAS(x, y) (y && __has_include_next(<sys/y>))', 'next exists asking HAS <sys/{1}>'],
    ['#define HAS(x, ...) __has_include(__VA_ARGS__)', 'exists asking HAS {1+}'],
    ['#define HAS(x...) __has_include(x)', 'exists asking HAS {0+}'],
    ['#define HAS(x) __has_include(NAME(x))', 'exists asking HAS NAME({0})'],
    ['#define HAS(x) __has_include(#x)', 'exists unknown HAS(...)'],
    ['#define HAS(x) __has_include(A##x)', 'exists unknown HAS(...)'],
    ['#define HAS(x) __has_##x', 'exists asking HAS {999}'],
    ['#define HAS(x) __has_inc##x', 'exists asking HAS {999}'],
    ['#define HAS(x, y) x ## include(y)', 'exists asking HAS {999}'],
    ['#if PASTE(__has_, include)(<a.h>)', 'exists unknown __has_'],
    ['#define HAS __has_include', 'exists unknown __has_include'],
    ['#line 5 "a.y"', 'line quoted a.y'],
    ['# 5 "a.y" 2', 'line quoted a.y'],
    ['#line __LINE__ "a.y"', 'line quoted a.y'],
    ['#line 5 "a\\\\\\"y"', 'line quoted a\\"y'],
    ['#line 5 NAME', 'line computed NAME'],
    ['#line NUMBER "a.y"', 'line quoted a.y'],
    ['#line BOTH', 'line unknown BOTH'],
    ['#line 5 "\\141.y"', 'line unknown 5 "\\141.y"'],
    ['# 5 NAME', 'line computed NAME'],
  ])('finds what %j names', (text, name) => {
    expect(namesIn(text)).toContain(name);
  });

  it.each([
    ['// #include "a.h"'],
    ['/* \n#include "a.h"\n */'],
    ['// a \\\n#include "a.h"'],
    ['int x; #include "a.h"'],
    ['char *a = "\\\n#include \\"a.h\\"";'],
    ['#define STRING(x) #x'],
    ['#if defined(__has_include)'],
    ['#ifdef __has_include'],
    ['#ifndef __has_include\n#define __has_include(x) 0'],
    ['#line 5'],
    ['#define X 1'],
    ['#define PASTE(x, y) x ## y'],
    ['#define X __has_feature(x)'],
    ['#define MY__has_include(x) 0'],
    ['#include 5'],
    ['#'],
    ['#\n'],
  ])('finds nothing in %j', (text) => {
    expect(namesIn(text)).toEqual([]);
  });

  it('finds what a raw string may hold in a language without them, once', () => {
    expect(namesIn('char *a = R"(\n#include "a.h"\n)";')).toEqual(['include quoted a.h']);
  });

  it('gives the directive lines alone', () => {
    const { lines } = readAll('int x;\n#define A 1 // one\n\n# if A\nint y;\n#endif');
    expect(lines.map((line) => line.trim())).toEqual(['define A 1', 'if A', 'endif']);
  });
});

describe('readDefinitions()', () => {
  it('gives all bodies of the macros that are wanted', () => {
    const { lines } = readAll('#define A "a.h"\n#define A <b.h>\n#define B 1\n#define C(x) x\n# define D\n#undef A');
    const definitions = readDefinitions(lines, new Set(['A', 'C', 'D', 'E']));
    expect([...definitions]).toEqual([
      ['A', ['"a.h"', '<b.h>']],
      ['C', [undefined]],
      ['D', ['']],
    ]);
  });
});
