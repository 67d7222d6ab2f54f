/** The paths that have pages of their own; whoever asks for anything else, or for nothing, gets distcc's page. */
export const ownPaths = ['/metrics', '/status.json', '/status'] as const;

/** A page of ours. */
export type OwnPath = (typeof ownPaths)[number];

/** How a page of ours may be asked for. POST is answered too: with what is possible instead. */
const methods = ['GET', 'HEAD', 'POST'] as const;

/** The method of a question for a page of ours. */
export type Method = (typeof methods)[number];

/** What somebody asks for, as far as it has come. */
export type Question =
  | { readonly kind: 'distcc page' }
  /** It may become a question for a page of ours. */
  | { readonly kind: 'unfinished' }
  /** It asks for a page of ours, and has not ended, or is too long. */
  | { readonly kind: 'unfinished head' | 'too long'; readonly method: Method }
  | {
      readonly kind: 'own page';
      readonly method: Method;
      readonly path: OwnPath;
      /** The value of its Host field; undefined without one. */
      readonly host: string | undefined;
    };

/** The longest question for a page of ours, in bytes. */
export const longestQuestion = 8192;

const endOfHead = /\r?\n\r?\n/;

const askings = methods.flatMap((method) => ownPaths.map((path) => ({ method, path })));

const hostName = 'host:';

/** The value of the first Host field. It is searched line by line: a stranger's line may be of blanks alone. */
function hostIn(head: string): string | undefined {
  const field = head.split('\n').find((line) => line.slice(0, hostName.length).toLowerCase() === hostName);
  return field?.slice(hostName.length).trim();
}

/** Reads a question, of which these are the first bytes: by HTTP/1 for exactly one of our paths, or another. */
export function readQuestion(bytes: Buffer): Question {
  const text = bytes.toString('latin1', 0, longestQuestion);
  for (const { method, path } of askings) {
    const line = `${method} ${path} HTTP/1.`;
    if (text.length < line.length && line.startsWith(text)) return { kind: 'unfinished' };
    if (!text.startsWith(line)) continue;
    const end = endOfHead.exec(text)?.index;
    if (end === undefined) return { kind: bytes.length < longestQuestion ? 'unfinished head' : 'too long', method };
    return { kind: 'own page', method, path, host: hostIn(text.slice(0, end)) };
  }
  return { kind: 'distcc page' };
}
