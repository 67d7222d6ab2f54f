/**
 * Reads a decimal number from `least` to `most`. Undefined for any other text, also with a sign, a blank, an exponent
 * or another base.
 */
export function readWholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^[0-9]{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
