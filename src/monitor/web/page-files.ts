/** The page's files as JSON, their texts by their names. The build puts them here. */
const built = '@WEB_PAGE@';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** A file that a browser gets. */
export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/** The files of the page by name. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- scripts/build.mjs wrote it
  const files = JSON.parse(built) as Record<string, string>;
  return new Map(
    Object.entries(files).map(([name, text]) => [
      name,
      { type: types[name.split('.').at(-1) ?? ''] ?? 'text/plain', content: Buffer.from(text) },
    ]),
  );
}
