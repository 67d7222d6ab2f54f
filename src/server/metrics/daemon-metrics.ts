import { basename } from 'node:path';
import type { Counter, Gauge, Histogram } from 'prom-client';
import CounterOf from 'prom-client/lib/counter.js';
import GaugeOf from 'prom-client/lib/gauge.js';
import HistogramOf from 'prom-client/lib/histogram.js';
import RegistryOf from 'prom-client/lib/registry.js';
import type { EndedJob } from '../job/job-board.ts';
import { counterNames, jobClasses } from '../job/job-statistics.ts';
import type { Stage } from '../limits/open-connections.ts';
import { refusalReasons } from '../policy/refusal.ts';
import { bucketSeconds, metricTable } from './metric-table.ts';
import type { MetricEntry, MetricName } from './metric-table.ts';
import type { Status } from './status.ts';

/** The content type of the text. */
export const metricsType = RegistryOf.PROMETHEUS_CONTENT_TYPE;

/** How many compilers have a name in labels; the rest are "other". */
const mostCompilers = 128;
/** The label for a job whose compiler is not known, or not permitted by name. */
const otherCompiler = 'other';

type NameOf<T> = { [Name in MetricName]: (typeof metricTable)[Name]['type'] extends T ? Name : never }[MetricName];

/** The metrics of prom-client, each made from its entry in the table. */
class MetricSet {
  readonly #registry = new RegistryOf();
  readonly #metrics = new Map<MetricName, Counter | Gauge | Histogram>();

  constructor() {
    const names = Object.keys(metricTable);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table
    for (const name of names as MetricName[]) {
      const { type, help, labels = [] }: MetricEntry = metricTable[name];
      const words = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (type === 'counter') this.#metrics.set(name, new CounterOf(words));
      else if (type === 'gauge') this.#metrics.set(name, new GaugeOf(words));
      else this.#metrics.set(name, new HistogramOf({ ...words, buckets: bucketSeconds }));
    }
  }

  // Each was made after the type in the table.
  /* oxlint-disable typescript/no-unsafe-type-assertion */
  counter(name: NameOf<'counter'>): Counter {
    return this.#metrics.get(name) as Counter;
  }

  gauge(name: NameOf<'gauge'>): Gauge {
    return this.#metrics.get(name) as Gauge;
  }

  histogram(name: NameOf<'histogram'>): Histogram {
    return this.#metrics.get(name) as Histogram;
  }
  /* oxlint-enable typescript/no-unsafe-type-assertion */

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** What Prometheus is told: counted job by job, or read when it asks. */
export class DaemonMetrics {
  readonly #set = new MetricSet();
  /** The names that the label "compiler" may have. */
  #compilers: ReadonlySet<string> = new Set();

  /** The status is that of the start: all series that will come are there from then on, with 0. */
  constructor(status: Status) {
    this.#learn(status);
    for (const name of jobClasses) this.#jobs(name, otherCompiler).inc(0);
    for (const direction of ['receive', 'send']) {
      this.#set.histogram('distccd_transfer_seconds').zero({ direction });
      this.#set.counter('distccd_transfer_bytes_total').inc({ direction }, 0);
    }
  }

  /** Counts a job that has ended. */
  count({ record, end, received, sent }: EndedJob): void {
    const compiler = this.#label(record.job?.compiler);
    this.#jobs(end.class, compiler).inc();
    this.#set.counter('distccd_transfer_bytes_total').inc({ direction: 'receive' }, received);
    this.#set.counter('distccd_transfer_bytes_total').inc({ direction: 'send' }, sent);
    const seconds = (stage: Stage): number => (record.spent(stage) ?? 0) / 1000;
    // Whoever was refused, left or had no command tells nothing about how long jobs take.
    if ((end.class !== 'COMPILE_OK' && end.class !== 'COMPILE_ERROR') || end.refused !== undefined) return;
    this.#set.histogram('distccd_transfer_seconds').observe({ direction: 'receive' }, seconds('receiving'));
    this.#set.histogram('distccd_transfer_seconds').observe({ direction: 'send' }, seconds('answering'));
    if (end.kept === true) return;
    this.#set.histogram('distccd_queue_wait_seconds').observe(seconds('waiting'));
    this.#set.histogram('distccd_compile_seconds').observe({ compiler }, seconds('compiling'));
  }

  /** The text for Prometheus. */
  write(status: Status): Promise<string> {
    this.#learn(status);
    const set = this.#set;
    const { version, node, slots, connections, keptResults, requestMemory, machine, daemon } = status;
    set.gauge('distccd_build_info').set({ version, node }, 1);
    this.#total('distccd_connections_total', connections.all);
    for (const [stage, count] of Object.entries(connections.now)) {
      set.gauge('distccd_open_connections').set({ stage }, count);
    }
    set.gauge('distccd_clients').set(status.clientsPresent);
    set.counter('distccd_refusals_total').reset();
    for (const reason of Object.keys(refusalReasons)) set.counter('distccd_refusals_total').inc({ reason }, 0);
    for (const { reason, count } of status.refusals) set.counter('distccd_refusals_total').inc({ reason }, count);
    set.gauge('distccd_slots').set(slots.all);
    set.gauge('distccd_slots_busy').set(slots.busy);
    set.gauge('distccd_queue_length').set(slots.waiting);
    set.gauge('distccd_request_memory_used_bytes').set(requestMemory.used);
    set.gauge('distccd_request_memory_limit_bytes').set(requestMemory.limit);
    this.#total('distccd_result_cache_hits_total', keptResults?.hits ?? 0);
    this.#total('distccd_result_cache_misses_total', keptResults?.misses ?? 0);
    this.#total('distccd_result_cache_stored_total', keptResults?.stored ?? 0);
    set.gauge('distccd_result_cache_results').set(keptResults?.results ?? 0);
    set.gauge('distccd_result_cache_bytes').set(keptResults?.bytes ?? 0);
    const [load1 = 0, load5 = 0, load15 = 0] = machine.load;
    set.gauge('distccd_load1').set(load1);
    set.gauge('distccd_load5').set(load5);
    set.gauge('distccd_load15').set(load15);
    set.gauge('distccd_processors').set(machine.processors);
    set.gauge('distccd_memory_available_bytes').set(machine.memoryAvailable);
    this.#known('distccd_temporary_space_available_bytes', machine.temporarySpace);
    this.#total('process_cpu_seconds_total', daemon.cpuSeconds);
    this.#known('process_resident_memory_bytes', daemon.memory);
    set.gauge('process_start_time_seconds').set(Date.parse(status.started) / 1000);
    return set.text();
  }

  #jobs(name: (typeof jobClasses)[number], compiler: string): Counter.Internal {
    return this.#set
      .counter('distccd_jobs_total')
      .labels({ result: counterNames[name].replace(/^dcc_/, ''), compiler });
  }

  /** A figure that some systems do not tell has no series there. */
  #known(name: NameOf<'gauge'>, value: number | null): void {
    if (value === null) this.#set.gauge(name).remove();
    else this.#set.gauge(name).set(value);
  }

  #total(name: NameOf<'counter'>, value: number): void {
    this.#set.counter(name).reset();
    this.#set.counter(name).inc(value);
  }

  #label(name: string | undefined): string {
    return name !== undefined && this.#compilers.has(name) ? name : otherCompiler;
  }

  #learn({ compilers }: Status): void {
    const named = compilers.slice(0, mostCompilers).map((compiler) => ({ ...compiler, name: basename(compiler.name) }));
    this.#compilers = new Set(named.map(({ name }) => name));
    const info = this.#set.gauge('distccd_compiler_info');
    info.reset();
    for (const { name: compiler, path, version, target } of named) {
      if (path === null) continue;
      info.set({ compiler, version: version ?? '', target: target ?? '' }, 1);
      this.#jobs('COMPILE_OK', compiler).inc(0);
      this.#jobs('COMPILE_ERROR', compiler).inc(0);
    }
  }
}
