import { describe, expect, it } from 'vitest';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { ignoredText, readDaemonOptions } from '../../../src/config/read-daemon-options.ts';
import { version } from '../../../src/config/version.ts';
import packageFile from '../../../package.json' with { type: 'json' };

function optionsOf(...words: string[]) {
  const reading = readDaemonOptions(words);
  if ('print' in reading) throw new Error(reading.print);
  return reading.options;
}

const printed = (...words: string[]): string => {
  const reading = readDaemonOptions(words);
  return 'print' in reading ? reading.print : '';
};

describe('readDaemonOptions()', () => {
  it('has the defaults of the reference', () => {
    expect(optionsOf()).toMatchObject({
      port: 3632,
      nice: 5,
      'log-level': 'notice',
      allow: [],
      jobs: undefined,
      daemon: false,
    });
  });

  it.each([
    [['-p4000'], 4000],
    [['-p', '4000'], 4000],
    [['-p=4000'], 4000],
    [['--port=4000'], 4000],
    [['--port', '0x1000'], 4096],
    [['--port', '010'], 8],
    [['--port', '1', '--port', '2'], 2],
    [['word', '--port', '7', 'other'], 7],
  ])('reads %j', (words, port) => {
    expect(optionsOf(...words).port).toBe(port);
  });

  it.each([
    ['-17', -17],
    ['0', 0],
    ['1000', 1000],
    ['-1000', -1000],
  ])('reads --oom-score-adj %s', (word, score) => {
    expect(optionsOf('--oom-score-adj', word)['oom-score-adj']).toBe(score);
    expect(optionsOf(`--oom-score-adj=${word}`)['oom-score-adj']).toBe(score);
  });

  it('keeps every --allow and --listen in order', () => {
    const options = optionsOf('-a', '10.0.0.0/8', '--allow=::1', '--listen', 'a', '--listen', 'b');
    expect([options.allow, options.listen]).toEqual([
      ['10.0.0.0/8', '::1'],
      ['a', 'b'],
    ]);
  });

  it('stops reading options at --', () => {
    expect(optionsOf('--', '--bogus').port).toBe(3632);
  });

  it.each([
    [['--port', '0'], '--port expects a port number from 1 to 65535, not "0"'],
    [['--port', '80000'], '--port expects a port number from 1 to 65535, not "80000"'],
    [['--port', '1e3'], 'not "1e3"'],
    [['--port', '-1'], 'not "-1"'],
    [['--jobs', '0'], '--jobs expects a number from 1 to 1000, not "0"'],
    [['--nice', 'x'], '--nice expects a number from 0 to 20, not "x"'],
    [['--log-level', 'loud'], '--log-level expects one of emerg, emergency, alert'],
    [['--log-file', 'relative'], '--log-file expects an absolute path, not "relative"'],
    [['--pid-file', ''], '--pid-file expects an absolute path, not ""'],
    [['--job-lifetime', 'long'], '--job-lifetime expects a number of seconds'],
    [['--masquerade-dir', 'x'], '--masquerade-dir expects an absolute path'],
    [['--listen', ''], '--listen expects an address or a host name'],
    [['--por', '1'], '--por: unknown option'],
    [['-v'], '-v: unknown option'],
    [['--port'], '--port: missing argument'],
    [['--daemon=yes'], '--daemon: option does not take an argument'],
    [['--log-format', 'xml'], '--log-format expects text or json, not "xml"'],
    [['--oom-score-adj', '1001'], '--oom-score-adj expects a number from -1000 to 1000, not "1001"'],
    [['--oom-score-adj', '--5'], 'not "--5"'],
    [['--lifetime', 'x'], '--lifetime expects a number of seconds'],
    [['--max-memory', '15M'], '--max-memory expects a size from 16M to 1024G, such as 512M, not "15M"'],
    [['--max-memory', '1T'], 'not "1T"'],
    [['--max-memory', '1e9'], 'not "1e9"'],
    [['--input-cache', '1M'], '--input-cache expects a size from 64M to 1024G, such as 10G, not "1M"'],
    [['--result-cache', '1K'], '--result-cache expects 0, or a size from 1M to 1024G, such as 2G, not "1K"'],
    [['--result-cache', ''], 'not ""'],
    [['--result-cache', 'K'], 'not "K"'],
    [['--result-cache', '-1'], 'not "-1"'],
    [['--stats-port', '0'], '--stats-port expects a port number'],
    [['--auth'], '--auth is not supported by this version'],
  ])('refuses %j with status 101 and a sentence', (words, sentence) => {
    expect(() => optionsOf(...words)).toThrow(
      expect.objectContaining({ status: 101, message: expect.stringContaining(sentence) }),
    );
  });

  it.each([
    ['16777216', 16_777_216],
    ['20000K', 20_480_000],
    ['512m', 536_870_912],
    ['2G', 2_147_483_648],
  ])('reads --max-memory %s as %d bytes', (text, bytes) => {
    expect(optionsOf('--max-memory', text)['max-memory']).toBe(bytes);
  });

  it.each([
    ['0', 0],
    ['1M', 1_048_576],
    ['10g', 10_737_418_240],
    ['1024G', 1_099_511_627_776],
  ])('reads --result-cache %s as %d bytes', (text, bytes) => {
    expect(optionsOf('--result-cache', text)['result-cache']).toBe(bytes);
    expect(optionsOf()['result-cache']).toBeUndefined();
  });

  it('notes words that are not options', () => {
    expect(ignoredText(optionsOf('--allow', '127.0.0.1'))).toBeUndefined();
    expect(ignoredText(optionsOf('--allow', '10.0.0.1', '10.0.0.2', '--', '--x'))).toBe(
      'ignored "10.0.0.2" "--x", which is not an option: leave it out; each address needs an --allow of its own',
    );
  });

  it('--json without --show-compilers is refused', () => {
    expect(optionsOf('--json', '--show-compilers').json).toBe(true);
    expect(() => optionsOf('--json')).toThrow('--json needs --show-compilers: give both, or leave --json out');
  });

  it('--verbose means debug, --wizard everything for a look inside', () => {
    expect(optionsOf('--verbose')['log-level']).toBe('debug');
    expect(optionsOf('-W')).toMatchObject({
      daemon: true,
      'no-detach': true,
      'log-stderr': true,
      'log-level': 'debug',
    });
  });

  it("--version has distcc's two lines and the version of package.json", () => {
    const [first = '', second = ''] = printed('--version').split('\n');
    expect(first).toMatch(/^distccd [\w.-]+ [.\w-]+$/);
    expect(second).toMatch(/^[ \t]+\(protocol.*\) \(default port 3632\)$/);
    expect(first).toContain(version);
    expect(version).toBe(packageFile.version);
  });

  it('--help starts with the version and lists every option', () => {
    const help = printed('--help');
    expect(help).toMatch(/^distccd [\s\S]*Usage: distccd/);
    for (const [name, entry] of Object.entries(daemonOptions)) {
      expect(help).toContain(entry.short === undefined ? `--${name}` : `-${entry.short}, --${name}`);
    }
  });
});
