/** What a server says of a compiler: what it writes into objects, what it compiles for, what it makes of one source. */
export interface ToldCompiler {
  readonly version: string;
  readonly target: string;
  readonly makes: string;
}

const form = /^([0-9a-f]{64}) ([\w.+-]{1,100}) ([\x20-\x7e]{1,200})$/;

/** A compiler as a text in WELC and CAPS (doc/protocol.md, "Compilers"); undefined when it does not fit there. */
export function encodeCompiler({ version, target, makes }: ToldCompiler): string | undefined {
  const text = `${makes} ${target} ${version}`;
  return form.test(text) ? text : undefined;
}

/** Reads such a text; undefined for one that means nothing here. */
export function parseCompiler(text: string): ToldCompiler | undefined {
  const [, makes, target, version] = form.exec(text) ?? [];
  return makes === undefined || target === undefined || version === undefined ? undefined : { version, target, makes };
}
