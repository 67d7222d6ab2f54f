import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowFileEntries,
  parseAccessList,
  plainAddress,
  privateNetworks,
} from '../../../../src/server/policy/access-list.ts';
import { holds } from '../../wire/checked.ts';

const listOf = (...entries: string[]) =>
  parseAccessList({ entries, allowPrivate: false, readFile: () => '# the lab\n10.1.0.0/16 # first floor\n\n' });

describe('parseAccessList()', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.0', false],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1/8', '127.0.0.2', true],
    ['10.113.0.0/16', '10.113.45.67', true],
    ['10.113.0.0/16', '10.11.45.67', false],
    ['10.113.0.0/16', '127.0.0.1', false],
    ['1.2.3.4/0', '4.3.2.1', true],
    ['1.2.3.4/8', '4.3.2.1', false],
    ['192.168.1.64/28', '192.168.1.70', true],
    ['192.168.1.64/28', '192.168.1.7', false],
    ['fe80::/10', 'fe80::1', true],
    ['1.2.3.4/', '1.2.3.4', true],
    ['1.2.3.4/', '1.2.3.5', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['10.0.0.0/8', '::ffff:11.1.2.3', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::f:1.2.3.4', '::f:102:304', true],
    ['::f:1', '::f:1', true],
    ['::a00:0/104', '::a01:203', true],
    ['::10.0.0.0/104', '::a01:203', true],
    ['::/96', '::1.2.3.4', true],
    ['fd00::10.0.0.0/104', 'fd00::10.9.8.7', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['2001:db8::/32', '10.0.0.1', false],
    ['::/0', '10.0.0.1', false],
    ['::/0', '::ffff:10.0.0.1', false],
    ['::/0', '2001:db8::1', true],
    ['0.0.0.0/0', '::ffff:8.8.8.8', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['10.0.0.0/8', 'no address', false],
    ['10.0.0.0/8', '', false],
  ])('%s and the client %s: %s', (entry, client, admitted) => {
    expect(listOf(entry).admits(client)).toBe(admitted);
  });

  it.each([
    ['1.2.3.4/40', 'cannot understand "1.2.3.4/40": "40" is not a prefix length from 0 to 32'],
    ['::1/129', '"129" is not a prefix length from 0 to 128'],
    ['1.2.3.4/-1', '"-1" is not a prefix length'],
    ['1.2.3.4/x', '"x" is not a prefix length'],
    ['1.2.3.4/8/9', 'it has more than one "/"'],
    ['1.2.3.4.5.6.7/8', '"1.2.3.4.5.6.7" is not an IPv4 or IPv6 address'],
    ['', '"" is not an IPv4 or IPv6 address'],
    ['10.1', '"10.1" is not an IPv4 or IPv6 address'],
    ['example', 'write an address such as 192.168.1.7 or a network such as 192.168.1.0/24 or fd00::/8'],
    ['fe80::1%eth0', '"fe80::1%eth0" is not an IPv4 or IPv6 address'],
    ['::ffff:10.0.0.0/8', '"8" is not a prefix length from 96 to 128'],
  ])('refuses %s and says why and what to write', (entry, words) => {
    expect(() => listOf(entry)).toThrow(
      expect.objectContaining({ status: 101, message: expect.stringContaining(words) }),
    );
  });

  it('ignores bits after the prefix and warns', () => {
    const list = listOf('10.1.2.3/8');
    expect(list.networks).toEqual(['10.0.0.0/8']);
    expect(list.warnings).toEqual(['"10.1.2.3/8" has host bits set; using 10.0.0.0/8']);
    expect(listOf('10.0.0.0/8').warnings).toEqual([]);
  });

  it('serves private networks only when nothing is named', () => {
    const list = listOf();
    expect(list.networks).toEqual(privateNetworks);
    for (const client of [
      '10.1.1.1',
      '127.0.0.1',
      '169.254.1.1',
      '172.31.0.1',
      '192.168.0.1',
      '::1',
      'fd00::1',
      'fe80::1',
    ]) {
      expect(list.admits(client)).toBe(true);
    }
    for (const client of ['8.8.8.8', '172.32.0.1', '2001:db8::1', '::ffff:8.8.8.8']) {
      expect(list.admits(client)).toBe(false);
    }
  });

  it('adds private networks to what is named only when told to', () => {
    expect(listOf('8.8.8.8').admits('10.0.0.1')).toBe(false);
    const both = parseAccessList({ entries: ['8.8.8.8'], allowPrivate: true, readFile: () => '' });
    expect([both.admits('8.8.8.8'), both.admits('10.0.0.1'), both.admits('9.9.9.9')]).toEqual([true, true, false]);
  });

  it('reads @FILE, one entry a line with comments', () => {
    expect(listOf('@/etc/distcc/allow').networks).toEqual(['10.1.0.0/16']);
  });

  it('serves nobody when the only file named is empty', () => {
    const list = parseAccessList({ entries: ['@/empty'], allowPrivate: false, readFile: () => '# nobody\n' });
    expect(list.networks).toEqual([]);
    expect(list.admits('127.0.0.1')).toBe(false);
  });

  it('names the file of a malformed line', () => {
    const source = { entries: ['@/etc/allow'], allowPrivate: false, readFile: () => '10.0.0.0/8\nbogus\n' };
    expect(() => parseAccessList(source)).toThrow('cannot understand "bogus" in "/etc/allow"');
  });
});

describe('plainAddress()', () => {
  it.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['::ffff:1.2.3.400', '::ffff:1.2.3.400'],
    ['fe80::1%eth0', 'fe80::1'],
    ['1.2.3.4', '1.2.3.4'],
  ])('%s is %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });
});

describe('allowFileEntries()', () => {
  it('drops comments, blanks and empty lines', () => {
    expect(allowFileEntries(' 10.0.0.1 \r\n#x\n\n::1# y')).toEqual(['10.0.0.1', '::1']);
  });
});

/** An address of this many bits, as a user might write it. */
const write = (bits: readonly boolean[]): string => {
  const size = bits.length === 32 ? 8 : 16;
  const groups = Array.from({ length: bits.length / size }, (_, index) =>
    Number.parseInt(
      bits
        .slice(index * size, (index + 1) * size)
        .map(Number)
        .join(''),
      2,
    ),
  );
  return size === 8 ? groups.join('.') : groups.map((group) => group.toString(16)).join(':');
};

const bitsOf = (value: number, width: number): boolean[] =>
  Array.from({ length: width }, (_, at) => ((value >>> (width - 1 - at)) & 1) === 1);

/** Whether an address is mapped from IPv4, or would be with another bit: those have rules of their own. */
const isNearMapped = (bits: readonly boolean[]): boolean =>
  bits.slice(0, 96).filter((bit, at) => bit !== at >= 80).length < 2;

/** Bits of an IPv4 or IPv6 address, whose groups are often 0. */
const addressBits = fc
  .constantFrom([8, 4] as const, [16, 8] as const)
  .chain(([width, length]) => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** width - 1 }));
    return fc
      .array(group, { minLength: length, maxLength: length })
      .map((groups) => groups.flatMap((value) => bitsOf(value, width)));
  })
  .filter((bits) => bits.length === 32 || !isNearMapped(bits));

describe('a network of any prefix', () => {
  it('holds the addresses with the same first bits and no others, and names its first one', () => {
    holds(
      'networks of any prefix',
      fc.property(addressBits, fc.nat(), fc.nat(), (bits, prefixSeed, bitSeed) => {
        const prefix = prefixSeed % (bits.length + 1);
        const flipped = bitSeed % bits.length;
        const other = bits.map((bit, index) => (index === flipped ? !bit : bit));
        const list = listOf(`${write(bits)}/${prefix}`);
        expect(list.admits(write(bits))).toBe(true);
        expect(list.admits(write(other))).toBe(flipped >= prefix);
        const first = bits.map((bit, index) => index < prefix && bit);
        expect(list.networks).toEqual(listOf(`${write(first)}/${prefix}`).networks);
        expect(listOf(...list.networks).warnings).toEqual([]);
      }),
      500,
    );
  });
});

/** Spellings of 0, and of a group of an address. */
const nothing = fc.constantFrom('0', '00', '000', '0000');
const spelled = (group: number): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(1, 2, 3, 4), fc.boolean()).map(([width, isUpper]) => {
    const text = group.toString(16).padStart(width, '0');
    return isUpper ? text.toUpperCase() : text;
  });

/** The first five groups: all written, or some left out. */
const firstGroups = fc.oneof(
  fc.array(nothing, { minLength: 5, maxLength: 5 }).map((groups) => groups.join(':')),
  fc
    .tuple(fc.array(nothing, { maxLength: 4 }), fc.array(nothing, { maxLength: 4 }))
    .filter(([before, after]) => before.length + after.length < 5)
    .map(([before, after]) => `${before.join(':')}::${after.join(':')}`),
);

describe('an IPv4 address mapped into IPv6', () => {
  it('is that address, however it is written', () => {
    const numbers = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
    const spellings = numbers.chain((parts) => {
      const [one = 0, two = 0, three = 0, four = 0] = parts;
      const hexadecimal = fc.tuple(spelled(one * 256 + two), spelled(three * 256 + four));
      const last = fc.oneof(
        fc.constant(parts.join('.')),
        hexadecimal.map((halves) => halves.join(':')),
      );
      return fc.record({ plain: fc.constant(parts.join('.')), first: firstGroups, mark: spelled(0xffff), last });
    });
    holds(
      'spellings of a mapped address',
      fc.property(spellings, ({ plain, first, mark, last }) => {
        const address = `${first}${first.endsWith(':') ? '' : ':'}${mark}:${last}`;
        expect(plainAddress(address)).toBe(plain);
        expect(listOf(address).networks).toEqual([`${plain}/32`]);
        expect(listOf(address).admits(plain)).toBe(true);
        expect(listOf(plain).admits(address)).toBe(true);
        expect(listOf(`${address}/104`).admits(plain)).toBe(true);
      }),
      500,
    );
  });
});
