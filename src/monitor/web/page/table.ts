import { make } from './dom.ts';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** A number is at the right, and is never broken, nor is a short text; long texts may be. */
  readonly kind: 'number' | 'short' | 'long';
  /** Shown before the value where columns do not fit; left out where the value needs none. */
  readonly label?: string;
}

// A style sheet that makes blocks of a table takes its meaning away: each part says what it is.
function part<Name extends 'thead' | 'tbody' | 'tr' | 'td'>(
  name: Name,
  role: string,
  className: string,
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = make(name, className, ...content);
  element.setAttribute('role', role);
  return element;
}

function heading(text: string, scope: 'col' | 'row', className: string): HTMLElement {
  const cell = make('th', className, text);
  cell.scope = scope;
  cell.setAttribute('role', scope === 'col' ? 'columnheader' : 'rowheader');
  return cell;
}

function cellOf(text: string, { kind, label }: Column): HTMLElement {
  const cell = part('td', 'cell', kind, text);
  if (label !== undefined) cell.dataset['label'] = label;
  return cell;
}

/** A table whose first column names its rows. */
export function makeTable(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const heads = columns.map((column) => heading(column.title, 'col', column.kind));
  const lines = rows.map((texts) => {
    const cells = columns.map((column, at) => {
      const text = texts[at] ?? '';
      return at === 0 ? heading(text, 'row', column.kind) : cellOf(text, column);
    });
    return part('tr', 'row', '', ...cells);
  });
  const head = part('thead', 'rowgroup', '', part('tr', 'row', '', ...heads));
  const whole = make('table', '', make('caption', '', title), head, part('tbody', 'rowgroup', '', ...lines));
  whole.setAttribute('role', 'table');
  const frame = make('div', 'table-frame', whole);
  // What is wider than the screen is scrolled in its frame, with the keyboard too.
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', title);
  return frame;
}
