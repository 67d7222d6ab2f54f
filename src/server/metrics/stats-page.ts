import os from 'node:os';
import { printable } from '../../logging/log-line.ts';
import { countProcesses, diskSectors, freeMegabytes, runnableProcesses } from '../../system/machine/machine-load.ts';
import { availableMemory } from '../../system/machine/memory.ts';
import type { TreesFound } from '../start/open-trees.ts';
import type { CountedService } from './stats-source.ts';

const diskPeriodMs = 50_000;

/** Makes distcc's page, with the head of its answer (doc/distcc-behaviour.md, "Statistics page"). */
export function pageMaker(service: CountedService): () => string {
  let disk = { at: performance.now(), sectors: diskSectors(), rate: -1 };
  return () => {
    const now = performance.now();
    if (now - disk.at >= diskPeriodMs) {
      const sectors = diskSectors();
      disk = { at: now, sectors, rate: Math.round(((sectors - disk.sectors) * 1000) / (now - disk.at)) };
    }
    return writePage(service, disk.rate);
  };
}

/** What has become of kept results, after the lines that distcc has too. */
function resultLines(found: TreesFound): string[] {
  if (found.kind === 'lacking' || found.results === undefined) return [];
  const { keeper, size } = found.results;
  const { hits, misses, kept } = keeper.counts;
  const { bytes, results } = size();
  return [
    `dcc_result_hits ${hits}`,
    `dcc_result_misses ${misses}`,
    `dcc_results_stored ${kept}`,
    `dcc_results_kept ${results}`,
    `dcc_results_size ${Math.ceil(bytes / 1024)} kB`,
  ];
}

function writePage({ statistics, jobs, ownFiles }: CountedService, diskRate: number): string {
  const load = [
    `dcc_current_load ${runnableProcesses()}`,
    ...os.loadavg().map((average, index) => `dcc_load${index + 1} ${average.toFixed(2)}`),
  ];
  const { uninterruptible, largest } = countProcesses();
  const lines = [
    ...statistics.lines(jobs, load, Date.now()),
    `dcc_num_procstate_D ${uninterruptible}`,
    `dcc_max_RSS ${largest.kilobytes}`,
    `dcc_max_RSS_name ${largest.command}`,
    `dcc_io_rate ${diskRate}`,
    `dcc_free_space ${freeMegabytes('.')} MB`,
    `dcc_free_mem ${Math.floor(availableMemory() / 1024 ** 2)} MB`,
    ...resultLines(ownFiles),
  ];
  const body = ['argv /distccd', '<distccstats>', ...lines.map(printable), '</distccstats>', ''].join('\n');
  // distcc ends these lines with a bare newline, which not every HTTP client accepts.
  return `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${body}`;
}
