/**
 * Characters that a terminal acts on or draws nothing for: controls, escape, marks that turn the direction of text
 * round, joiners, variation selectors, and what no version of Unicode that Node knows has assigned.
 */
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Marks on the character before them, and the later letters of a Korean syllable: they take no column. */
const takesNoColumn = /[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** Scripts whose characters take two columns. */
const wideScripts = 'Han Hangul Hiragana Katakana Bopomofo Yi Tangut Nushu Khitan_Small_Script'.replaceAll(
  /\w+/g,
  '\\p{Script=$&}',
);

/** Symbols and punctuation that do. */
const wideRanges =
  '\u2329\u232a\u2ff0-\u303e\u309b\u309c\u30a0-\u30ff\u3190-\u3247\u3250-\u33ff\u4dc0-\u4dff\ufe10-\ufe19\ufe30-\ufe6f' +
  '\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}';

/** Characters of half the width, and those of which two make a flag. */
const halves = '\uff61-\uffdc\\p{Regional_Indicator}';

/** East_Asian_Width W and F (Unicode, UAX #11), which regular expressions lack, where a name is likely to have them. */
const isWide = new RegExp(
  `(?![${halves}])[${wideScripts.replaceAll(' ', '')}\\p{Emoji_Presentation}${wideRanges}]`,
  'u',
);

/** A name may pile up any number of marks. */
const mostMarks = 4;

/** More characters than a line has columns; a state file or an agent may send more. */
const longestText = 2000;

/** One character with its marks, and how many columns it takes. */
interface Cell {
  readonly text: string;
  readonly width: number;
}

/** How the terminal shows characters: without `unicode` its bytes beyond ASCII may be controls. */
export interface Characters {
  readonly unicode: boolean;
}

function cellsOf(text: string, { unicode }: Characters): Cell[] {
  const cells: Cell[] = [];
  let marks = 0;
  for (const character of text.slice(0, longestText)) {
    const last = cells.at(-1);
    if (character >= ' ' && character <= '~') cells.push({ text: character, width: 1 });
    else if (unprintable.test(character) || !unicode) cells.push({ text: '?', width: 1 });
    else if (!takesNoColumn.test(character)) {
      cells.push({ text: character, width: isWide.test(character) ? 2 : 1 });
    } else if (last === undefined) cells.push({ text: ` ${character}`, width: 1 });
    else if (marks < mostMarks) {
      cells[cells.length - 1] = { text: last.text + character, width: last.width };
      marks += 1;
      continue;
    } else continue;
    marks = 0;
  }
  return cells;
}

const widthOf = (cells: readonly Cell[]): number => cells.reduce((sum, { width }) => sum + width, 0);

/** As many cells from the beginning as have room. */
function fitting(cells: readonly Cell[], width: number): Cell[] {
  let room = width;
  const end = cells.findIndex((cell) => (room -= cell.width) < 0);
  return end === -1 ? [...cells] : cells.slice(0, end);
}

const dots = '...';

/** Which end of a text that is too long is shown. */
export type Kept = 'start' | 'end';

/** A text that a terminal may be sent, with the columns it takes. */
export interface SafeText {
  readonly text: string;
  readonly width: number;
}

/**
 * A text of a stranger that takes at most `width` columns: what a terminal would act on becomes question marks, and
 * three dots stand for what is cut off at one end.
 */
export function safeText(text: string, width: number, characters: Characters, kept: Kept = 'start'): SafeText {
  const cells = cellsOf(text, characters);
  if (widthOf(cells) <= width) return joined(cells);
  const room = width - dots.length;
  if (room < dots.length) return joined(fitting(cells, width));
  const mark = { text: dots, width: dots.length };
  if (kept === 'start') return joined([...fitting(cells, room), mark]);
  return joined([mark, ...fitting([...cells].reverse(), room).reverse()]);
}

function joined(cells: readonly Cell[]): SafeText {
  return { text: cells.map(({ text }) => text).join(''), width: widthOf(cells) };
}
