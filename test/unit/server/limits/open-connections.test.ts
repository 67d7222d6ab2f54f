import { describe, expect, it } from 'vitest';
import { OpenConnections } from '../../../../src/server/limits/open-connections.ts';
import type { OpenConnection } from '../../../../src/server/limits/open-connections.ts';

/** Four connections, and which of them were closed. */
function make(limits = { total: 4, perAddress: 3 }) {
  const connections = new OpenConnections(limits);
  const left: string[] = [];
  const come = (
    address: string,
    name = address,
    stage: OpenConnection['stage'] = 'receiving',
  ): OpenConnection | undefined => {
    const connection = connections.admit(address);
    if (connection === undefined) return undefined;
    connection.stage = stage;
    connection.end = (reason) => left.push(`${name}: ${reason.name}`);
    return connection;
  };
  return { left, come };
}

describe('OpenConnections', () => {
  it('admits up to the limit, and of one address no more than its share', () => {
    const { come, left } = make();
    expect(['a', 'a', 'a', 'a', 'b'].map((address) => come(address) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      true,
    ]);
    expect(left).toEqual([]);
  });

  it('closes the oldest unfinished request of the address that has most, for a newcomer', () => {
    const { come, left } = make();
    come('hog', 'h1', 'waiting');
    come('hog', 'h2');
    come('hog', 'h3');
    come('other');
    expect(come('newcomer')).toBeDefined();
    expect(left).toEqual(['h2: Overload']);
  });

  it('admits one for each that was closed, and again when somebody left', () => {
    const { come, left } = make();
    const stays = ['h1', 'h2', 'h3'].map((name) => come('hog', name));
    come('other');
    come('first');
    // One of the two of the hog is left to close.
    come('second');
    expect(left).toEqual(['h1: Overload', 'h2: Overload']);
    stays[0]?.leave();
    stays[0]?.leave();
    stays[1]?.leave();
    // Now everybody has one, and whoever has none gets in for the oldest of them.
    expect(come('third')).toBeDefined();
    expect(left).toEqual(['h1: Overload', 'h2: Overload', 'h3: Overload']);
    expect(come('other')).toBeUndefined();
  });

  it('has those who wait for a slot go before those who read their answer, and never a compile', () => {
    const { come, left } = make();
    come('hog', 'compiling', 'compiling');
    come('hog', 'answering', 'answering');
    come('hog', 'waiting', 'waiting');
    come('other', 'other', 'compiling');
    for (const newcomer of ['first', 'second', 'third']) come(newcomer, newcomer, 'compiling');
    expect(left).toEqual(['waiting: Overload', 'answering: Overload']);
  });

  it('closes nobody for an address that has as many', () => {
    const { come, left } = make();
    for (const address of ['a', 'a', 'b', 'b']) come(address);
    expect(come('a')).toBeUndefined();
    expect(left).toEqual([]);
  });
});
