import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forTerminal } from '../../../../src/client/messages/terminal-text.ts';

/** What may reach a terminal besides text. */
const harmless = new RegExp(String.raw`\x1b\[(?:[0-9:;]*m|K)|\r?\n|\t`, 'g');

const shown = (text: string, utf8 = true): string => forTerminal(Buffer.from(text), utf8).toString();
const raw = (bytes: readonly number[], utf8 = true): string => forTerminal(Buffer.from(bytes), utf8).toString('latin1');

describe('forTerminal()', () => {
  it.each([
    'a.c:1: warning: x\n\tint x;\r\n',
    '\x1b[01m\x1b[Ka.c:\x1b[m\x1b[K In function ‘\x1b[01m\x1b[Kf\x1b[m\x1b[K’:\n',
    '\x1b[1ma.c:1:17: \x1b[0m\x1b[0;1;35mwarning: \x1b[0m\x1b[38;2;1:2:3mx\x1b[0m',
    'ünïcödé ‘’ 漢字 🙂\n',
    '',
  ])('leaves what a compiler writes alone: %j', (text) => {
    const bytes = Buffer.from(text);
    expect(forTerminal(bytes, true)).toBe(bytes);
  });

  it.each([
    ['\x1b]0;OWNED\x07\x1b[2J\x1b[1;1Ha', '^[]0;OWNED^G^[[2J^[[1;1Ha'],
    ['\x1bP$q"p\x1b\\ \x1b_x\x1b\\ \x1bc', '^[P$q"p^[\\ ^[_x^[\\ ^[c'],
    ['\x1b[?25l \x1b[>4;1m \x1b[1K \x1b[1 m \x1b[', '^[[?25l ^[[>4;1m ^[[1K ^[[1 m ^[['],
    ['\x00\x08\x0b\x0c\x0e\x7f', '^@^H^K^L^N^?'],
    ['over\rwritten', 'over^Mwritten'],
    ['\r', '^M'],
    ['\u009b2J \u0085', '\\xc2\\x9b2J \\xc2\\x85'],
    ['\x1b\x1b[1m\x1b', '^[\x1b[1m^[\x1b[m'],
    [`\x1b[${'1;'.repeat(40)}m`, `^[[${'1;'.repeat(40)}m`],
  ])('shows what a terminal would obey: %j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('shows controls of 8 bits, and bytes that only seem to be characters', () => {
    expect(raw([0x9b, 0x32, 0x4a])).toBe('\\x9b2J');
    expect(raw([0xe0, 0x82, 0x9b])).toBe('\xe0\\x82\\x9b');
    expect(raw([0xc0, 0x9b, 0xf5, 0x90, 0xed, 0xa0, 0x80])).toBe('\xc0\\x9b\xf5\\x90\xed\xa0\\x80');
    expect(raw([0x66, 0xfc, 0x72])).toBe('f\xfcr');
    expect(raw([0xe2, 0x80])).toBe('\xe2\\x80');
  });

  it('shows them inside characters too where the terminal reads no UTF-8', () => {
    expect(raw([...Buffer.from('Û‘é')], false)).toBe('\xc3\\x9b\xe2\\x80\\x98\xc3\xa9');
  });

  it.each(['\x07', '\x1b\\'])('takes the address out of a link that ends with %j', (end) => {
    const link = `\x1b]8;id=1;https://example.org/x${end}-Wall\x1b]8;;${end} x`;
    expect(shown(`[${link}]`)).toBe('[-Wall x]');
    expect(shown(`\x1b]8;;https://example.org/\n${end}`)).toContain('^[]8;;https');
    expect(shown(`\x1b]8;;${'x'.repeat(5000)}${end}`)).toContain('^[]8;;x');
  });

  it('resets a colour that is still on at the end', () => {
    expect(shown('\x1b[8mhidden')).toBe('\x1b[8mhidden\x1b[m');
    expect(shown('\x1b[8mhidden\x1b[K')).toBe('\x1b[8mhidden\x1b[K\x1b[m');
    expect(shown('\x1b[1mx\x1b[0m')).toBe('\x1b[1mx\x1b[0m');
  });

  it('lets nothing through but text and colours, whatever comes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('\x1b[', '\x1b]8;', ';1m', 'm', 'K', '\x07', '\x1b\\', '\x9b', '\r', '\n', '‘', 'x')
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, utf8) => {
        const text = forTerminal(Buffer.concat(pieces), utf8);
        const decoded = utf8 ? new TextDecoder().decode(text) : text.toString('latin1');
        expect(decoded.replaceAll(harmless, '')).not.toMatch(/\p{Cc}/u);
        expect(forTerminal(text, utf8).equals(text)).toBe(true);
      }),
    );
  });

  it.each(['\x1b', '\x1b]8;', '\x1b[1', '\x9b', '\xe2\x80', '\x1b]8;;x', '‘', '\x1b[m', '\x00'])(
    'takes time in proportion to the text, for many of %j',
    (piece) => {
      const text = Buffer.from(piece.repeat(2_000_000));
      expect(forTerminal(text, true).length).toBeGreaterThan(0);
    },
  );
});
