/** The values of metrics by their series, as `name{label="value"}` with the labels sorted. */
export function seriesIn(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const sorted =
      labels
        .match(/\w+="(?:[^"\\]|\\.)*"/g)
        ?.sort()
        .join(',') ?? '';
    series.set(sorted === '' ? name : `${name}{${sorted}}`, Number(value));
  }
  return series;
}
