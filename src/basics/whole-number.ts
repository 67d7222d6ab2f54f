/**
 * Reads a decimal number from `least` to `most`; undefined when the text is anything else (sign, blank, exponent, other
 * base).
 */
export function readWholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^[0-9]{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
