import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/basics/failure.ts';
import { noHosts, parseHostList, shuffle, totalSlots } from '../../../../src/client/hosts/host-list.ts';
import type { HostList } from '../../../../src/client/hosts/host-list.ts';
import type { Host } from '../../../../src/client/hosts/host.ts';

function parse(text: string): HostList {
  return parseHostList({ name: '$DISTCC_HOSTS', text, unit: 'words' });
}

function only(text: string): Host {
  const { hosts } = parse(text);
  expect(hosts).toHaveLength(1);
  const [host] = hosts;
  if (host === undefined) throw new Error('no host');
  return host;
}

function fault(text: string, unit: 'lines' | 'words' = 'words'): string {
  try {
    parseHostList({ name: unit === 'words' ? '$DISTCC_HOSTS' : '/etc/distcc/hosts', text, unit });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.status).toBe(106);
    return error.message;
  }
  throw new Error(`"${text}" was accepted`);
}

describe('parseHostList()', () => {
  it.each([
    ['localhost', { kind: 'local', slots: 2 }],
    ['localhost/5', { kind: 'local', slots: 5 }],
    ['localhost/5x', { kind: 'local', slots: 5 }],
    ['localhost:3632', { kind: 'tcp', name: 'localhost', port: 3632, slots: 4 }],
    ['localhost,lzo', { kind: 'tcp', name: 'localhost', version: 2 }],
    ['localhost=3', { kind: 'tcp', name: 'localhost=3' }],
    ['LOCALHOST', { kind: 'tcp', name: 'LOCALHOST' }],
    ['localhostbutnotreally', { kind: 'tcp', name: 'localhostbutnotreally' }],
    ['127.0.0.1', { kind: 'tcp', name: '127.0.0.1', port: 3632, slots: 4, version: 1, down: false }],
    ['angry:4204', { name: 'angry', port: 4204 }],
    ['angry/44', { name: 'angry', slots: 44, port: 3632 }],
    ['angry:300/44', { name: 'angry', slots: 44, port: 300 }],
    ['angry/44:300', { name: 'angry', slots: 44, port: 300 }],
    ['angry:3000,lzo', { port: 3000, version: 2 }],
    ['angry/44,lzo', { slots: 44, version: 2 }],
    ['angry,lzo,down', { version: 2, down: true }],
    ['angry,down', { version: 1, down: true }],
    ['[::1]', { kind: 'tcp', name: '::1', port: 3632, slots: 4 }],
    ['[::1]:4000', { name: '::1', port: 4000 }],
    ['[::1]/3', { name: '::1', slots: 3 }],
    ['[::1]=3', { name: '::1', slots: 3 }],
    ['[::1]/3:400,lzo', { name: '::1', slots: 3, port: 400, version: 2 }],
    ['[fe80::1%eth0]:400/3', { name: 'fe80::1%eth0', slots: 3, port: 400 }],
    ['@angry', { kind: 'ssh', name: 'angry', command: 'distccd', slots: 4 }],
    ['ted@angry', { kind: 'ssh', user: 'ted', name: 'angry' }],
    ['@angry:/usr/sbin/distccd,lzo', { kind: 'ssh', command: '/usr/sbin/distccd', version: 2 }],
    ['u@h/3:/bin/d,lzo', { kind: 'ssh', user: 'u', name: 'h', slots: 3, command: '/bin/d', version: 2 }],
    ['@h=3', { kind: 'ssh', name: 'h', slots: 3 }],
    ['@[::1]', { kind: 'ssh', name: '::1' }],
  ])('reads "%s"', (word, expected) => {
    const host = only(word);
    expect(host).toMatchObject(expected);
    expect(host.definition).toBe(word);
  });

  it('reads hosts in order, between blanks of every kind, and repeated ones', () => {
    const { hosts } = parse(' a\tb\r\nb\f\v c ');
    expect(hosts.map(({ definition }) => definition)).toEqual(['a', 'b', 'b', 'c']);
  });

  it('ends a word at "#", and a comment at the end of its line', () => {
    const { hosts } = parse('a#b c\n# d @\n e #f');
    expect(hosts).toMatchObject([{ name: 'a' }, { name: 'e' }]);
  });

  it.each(['\n', '\r\n', '\r'])('ends a line and its comment at %j', (end) => {
    const lines = [
      '# a farm @',
      '',
      '\ta/2 # the fast one',
      'b,lzo# after options',
      '#',
      ' \f# only @ this',
      'c #last',
    ];
    const names = ['a', 'b', 'c'];
    expect(parse(lines.join(end)).hosts).toMatchObject(names.map((name) => ({ name })));
    expect(parse(lines.join(end) + end).hosts).toMatchObject(names.map((name) => ({ name })));
    expect(fault(`${lines.join(end)}${end}d:x`, 'lines')).toContain('line 8, "d:x"');
  });

  it.each(['\uFEFF', '\u00EF\u00BB\u00BF'])('passes over the byte order mark %j at the start', (mark) => {
    expect(parse(`${mark}a\r\nb`).hosts).toMatchObject([{ definition: 'a' }, { definition: 'b' }]);
    expect(parse(`${mark}# a\nb`).hosts).toMatchObject([{ definition: 'b' }]);
    expect(fault(`a\n${mark}b`)).toContain('the character U+FEFF (byte order mark) is not part of a host');
  });

  it.each(['utf8', 'latin1'] as const)('says that a file is UTF-16, when it is read as %s', (encoding) => {
    const little = Buffer.from('\uFEFFalpha\n# x\n', 'utf16le');
    for (const bytes of [little, Buffer.from(little).swap16()])
      expect(fault(bytes.toString(encoding), 'lines')).toBe(
        '/etc/distcc/hosts is written in UTF-16: save it as UTF-8 or plain ASCII',
      );
  });

  it.each([
    ['\u00A0', 'U+00A0 (no-break space)'],
    ['\u2003', 'U+2003'],
    ['\u200B', 'U+200B (zero width space)'],
    ['\u2028', 'U+2028 (line separator)'],
    ['\u3000', 'U+3000 (ideographic space)'],
    ['\0', 'U+0000 (NUL)'],
    ['\u001B', 'U+001B (escape)'],
    ['\u0085', 'U+0085'],
  ])('names the character %j, in a text and in a byte string, and takes it in a comment', (character, name) => {
    for (const text of [character, Buffer.from(character).toString('latin1')]) {
      expect(fault(`a b${text}c`)).toBe(
        `the character ${name} is not part of a host ($DISTCC_HOSTS, word 2, "b?c"): ` +
          'separate hosts by plain spaces or line ends',
      );
      expect(parse(`a # ${text}\nb`).hosts).toHaveLength(2);
    }
  });

  it('takes names with letters beyond ASCII, in a text and in a byte string', () => {
    for (const text of ['b\u00FCro', Buffer.from('b\u00FCro \u0100').toString('latin1')])
      expect(parse(text).hosts[0]?.definition).toBe(text.split(' ')[0]);
  });

  it('shows no more than the start of a long word', () => {
    expect(fault('a'.repeat(300_000))).toBe(
      `a host name of 300000 characters ($DISTCC_HOSTS, word 1, "${'a'.repeat(80)}..."): ` +
        'a host name has at most 253 characters',
    );
    for (const start of ['a/', 'a:', 'a,', 'a,lzo,', '@', '@h/', '+', '--localslots=', '[', '[::1]/'])
      expect(fault(start + 'x'.repeat(300_000)).length).toBeLessThan(500);
  });

  it('reads the words that are not hosts', () => {
    expect(parse('--randomize --localslots=3 --localslots_cpp/7 a')).toMatchObject({
      randomize: true,
      localSlots: 3,
      cppSlots: 7,
      hosts: [{ name: 'a' }],
    });
    expect(parse('--localslots --localslots_cpp')).toMatchObject({ localSlots: 4, cppSlots: 8 });
    expect(parse('')).toEqual(noHosts);
  });

  it.each([
    ['a/5x', 5, 'passing over "x"'],
    ['a/-3', 0, 'never used'],
    ['a,lzofoo', 4, 'passing over "foo" after ",lzo"'],
    ['a,lzo,cpp', 4, 'not supported yet: sending preprocessed source'],
    ['a,cpp,lzo', 4, 'not supported yet: sending preprocessed source'],
    ['a=3', 4, 'the host is called "a=3"'],
  ])('reads "%s" as %i jobs and warns', (word, slots, warning) => {
    const list = parse(word);
    expect(list.hosts[0]?.slots).toBe(slots);
    expect(list.warnings).toHaveLength(1);
    expect(list.warnings[0]).toContain(warning);
    expect(list.warnings[0]).toContain(`$DISTCC_HOSTS, word 1 ("${word}")`);
  });

  it('sends preprocessed source, compressed, to a host of the files mode', () => {
    expect(only('a,lzo,cpp')).toMatchObject({ version: 2 });
  });

  it('passes over +zeroconf and says so', () => {
    const list = parse('+zeroconf a');
    expect(list.hosts).toHaveLength(1);
    expect(list.warnings[0]).toContain('"+zeroconf" is not supported');
  });

  it.each([
    ['@', 'no host name after "@"'],
    ['mbp@', 'no host name after "@"'],
    ['@-oProxyCommand=x', 'begins with "-"'],
    [':', 'host name is missing'],
    ['angry::', 'invalid tcp port specification in ":"'],
    [':4200', 'host name is missing'],
    ['::1', 'host name is missing'],
    ['[::1', 'IPv6 address is written in brackets'],
    ['[]', 'host name is missing'],
    ['a/0', 'bad multiplier "/0" in host specification'],
    ['a/x', 'bad multiplier "/x" in host specification'],
    ['a/', 'bad multiplier "/" in host specification'],
    ['a:x', 'invalid tcp port specification in "x"'],
    ['a:12x', 'invalid tcp port specification in "12x"'],
    ['fe80::1', 'an IPv6 address stands in brackets, as in "[fd00::7]"'],
    ['a:70000', 'a port is a number from 1 to 65535'],
    ['a:', 'invalid tcp port specification in ""'],
    ['a,foo', 'unrecognized option in host specification: ,foo'],
    ['a,', 'unrecognized option in host specification: ,'],
    ['a,cpp', "pump mode (',cpp') requires compression (',lzo')"],
    ['a,auth', 'authentication (",auth") is not supported'],
    ['a,lzo,auth=me', 'authentication (",auth") is not supported'],
    ['--localslots=0', 'bad multiplier "=0" in host specification'],
    ['--bogus', 'unknown word "--bogus"'],
  ])('refuses "%s"', (word, sentence) => {
    expect(fault(`good ${word}`)).toContain(sentence);
    expect(fault(`good ${word}`)).toContain(`($DISTCC_HOSTS, word 2, "${word}")`);
  });

  it('names the line of a file', () => {
    expect(fault('# hosts\na b\n\n  c d:x\n', 'lines')).toContain('(/etc/distcc/hosts, line 4, "d:x")');
  });

  it('gives a list or one sentence for any text', () => {
    const pieces = [
      'a',
      '1',
      '/',
      ':',
      ',',
      '@',
      '[',
      ']',
      '=',
      '#',
      ' ',
      'lzo',
      'cpp',
      '-',
      '\0',
      '\r',
      '\n',
      '\t',
      '\f',
    ];
    const blanks = ['\u00A0', '\u00C2\u00A0', '\uFEFF', '\u00EF\u00BB\u00BF', '\u2028', '\uD800', '\u00FF\u00FE'];
    const piece = fc.oneof(fc.constantFrom(...pieces, ...blanks, '--localslots', 'localhost', '99'), fc.string());
    const texts = fc.tuple(fc.array(piece), fc.constantFrom('lines' as const, 'words' as const));
    const property = fc.property(texts, ([units, unit]) => {
      try {
        for (const host of parseHostList({ name: 'x', text: units.join(''), unit }).hosts)
          expect(host.slots).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        expect(error).toMatchObject({ status: 106, message: expect.stringMatching(/^[^\p{Cc}\u2028]{1,600}$/u) });
      }
    });
    const report = fc.check(property, { numRuns: 3000 });
    console.log(`host lists: seed ${report.seed}`);
    if (report.failed) throw new Error(fc.defaultReportMessage(report));
  });
});

describe('totalSlots()', () => {
  it('adds the slots of all hosts, including those that are down', () => {
    expect(totalSlots(parse('localhost a b/10,down [::1]/3'))).toBe(2 + 4 + 10 + 3);
  });
});

describe('shuffle()', () => {
  it('keeps every host, and follows the numbers it is given', () => {
    const { hosts } = parse('a b c d');
    const names = (random: () => number): string =>
      shuffle(hosts, random)
        .map(({ definition }) => definition)
        .join('');
    expect(names(() => 0)).toBe('bcda');
    expect(names(() => 0.999)).toBe('abcd');
    expect(hosts.map(({ definition }) => definition).join('')).toBe('abcd');
  });
});
