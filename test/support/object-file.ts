/** A processor's number in ELF, and whether it has 64 bits, by Node's name of it. */
const headers: Readonly<Record<string, readonly [number, boolean]>> = {
  x64: [62, true],
  arm64: [183, true],
  riscv64: [243, true],
  loong64: [258, true],
  ia32: [3, false],
  arm: [40, false],
};

/** An object as a compiler of this machine might have made it, with a text after its only section's head. */
export function objectWith(text: string): Buffer {
  const [machine, wide] = headers[process.arch] ?? [0, true];
  const [head, section] = wide ? [64, 64] : [52, 40];
  const bytes = Buffer.alloc(head + section);
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = wide ? 2 : 1;
  bytes[5] = 1;
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(head, wide ? 40 : 32);
  bytes.writeUInt16LE(section, wide ? 58 : 46);
  bytes.writeUInt16LE(1, wide ? 60 : 48);
  return Buffer.concat([bytes, Buffer.from(text)]);
}
