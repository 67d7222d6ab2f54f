import { safeText } from './terminal-text.ts';
import type { Characters, Kept } from './terminal-text.ts';

/** How a part of a line looks: SGR parameters (ECMA-48, 8.3.117). */
const styles = {
  plain: '',
  bold: '1',
  dim: '2',
  heading: '7',
  good: '32',
  slow: '33',
  bad: '31',
  here: '36',
} as const;

/** The name of a look. */
export type Style = keyof typeof styles;

/** Looks that are not colours, which a terminal has that shall show none. */
const colourless = new Set<Style>(['bold', 'dim', 'heading']);

/** A part of a line: a text of anybody's. */
export interface Part {
  readonly text: string;
  /** It is cut or padded to that many columns. Without a width it takes what it needs, at most `most` columns. */
  readonly width?: number;
  readonly most?: number;
  readonly style?: Style;
  /** Which end is shown of a text that is too long. */
  readonly kept?: Kept;
  /** Blanks go before the text. */
  readonly right?: boolean;
}

/** One line of the table. */
export type Line = readonly Part[];

/** What a terminal can show. */
export interface Look extends Characters {
  readonly colours: boolean;
}

function styled(text: string, style: Style, { colours }: Look): string {
  const code = colours || colourless.has(style) ? styles[style] : '';
  return code === '' || text === '' ? text : `\x1b[${code}m${text}\x1b[m`;
}

const onlyAscii = /^[ -~]*$/;

/**
 * A line as it is written to a terminal, at most `columns` wide. Terminals disagree about the width of some characters:
 * after each part that has other ones than ASCII the cursor is set to the column where the next part begins.
 */
export function writeLine(line: Line, columns: number, look: Look): string {
  let text = '';
  let at = 0;
  for (const part of line) {
    const { width, style = 'plain' } = part;
    const room = Math.min(width ?? part.most ?? columns, columns - at);
    if (room <= 0) continue;
    const safe = safeText(part.text, room, look, part.kept);
    const blanks = ' '.repeat(width === undefined ? 0 : room - safe.width);
    text += part.right === true ? blanks + styled(safe.text, style, look) : styled(safe.text + blanks, style, look);
    at += safe.width + blanks.length;
    if (!onlyAscii.test(safe.text)) text += `\x1b[${at + 1}G`;
  }
  return text;
}
