import type { Caps } from '../../wire/inputs/caps.ts';
import { readCapsOrEnd } from '../../wire/inputs/caps.ts';
import { encodeBody } from '../../wire/body.ts';
import { packingOf } from '../../wire/packing.ts';
import type { Grammar } from '../../wire/reading/decoder.ts';
import { encodeRequestHead } from '../../wire/request.ts';
import { readResponse } from '../../wire/response.ts';
import type { CompileResponse } from '../../wire/response.ts';
import { exchange } from '../../probe/exchange.ts';
import type { Line } from '../../probe/exchange.ts';
import { bytesOf } from '../../system/byte-text.ts';

/** How long a host may take for a compile, in ms. */
export const compilePatience = 15_000;

/** A compile for a host. */
export interface Order {
  readonly version: 1 | 2;
  /** Byte texts. */
  readonly argv: readonly string[];
  readonly text: Buffer;
}

/** What a host has made. */
export interface Made {
  readonly response: CompileResponse;
  /** What it offers beyond distcc's protocol. */
  readonly offer: Caps | undefined;
  /** From the request to the end of the answer. */
  readonly seconds: number;
}

function* readAnswer(version: 1 | 2): Grammar<Omit<Made, 'seconds'>> {
  const response = yield* readResponse(version);
  return { response, offer: yield* readCapsOrEnd() };
}

/** Has a host compile something, on a line that has just been opened. @throws NoAnswer */
export async function tryCompile(line: Line, { version, argv, text }: Order): Promise<Made> {
  const head = encodeRequestHead({ version, argv: argv.map(bytesOf) });
  const request = [head, ...encodeBody('DOTI', packingOf(version), text)];
  const began = performance.now();
  const answer = await exchange(
    line,
    { request, answer: readAnswer(version) },
    { ms: compilePatience, what: 'compiling' },
  );
  return { ...answer, seconds: (performance.now() - began) / 1000 };
}
