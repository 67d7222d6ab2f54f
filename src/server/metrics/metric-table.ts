/** How a metric is told to Prometheus. */
export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** The names of its labels, whose values are from closed sets. */
  readonly labels?: readonly string[];
}

/** Every metric by name, in the order of distccd(8), which a test compares with this table. */
export const metricTable = {
  distccd_build_info: {
    type: 'gauge',
    help: 'Always 1; the versions of distccd and of Node are its labels.',
    labels: ['version', 'node'],
  },
  distccd_compiler_info: {
    type: 'gauge',
    help: 'Always 1, for each permitted compiler that is installed; its version and target, where they are known.',
    labels: ['compiler', 'version', 'target'],
  },
  distccd_connections_total: { type: 'counter', help: 'Connections of clients, those that were denied too.' },
  distccd_open_connections: { type: 'gauge', help: 'Connections that are served now, by stage.', labels: ['stage'] },
  distccd_clients: {
    type: 'gauge',
    help: 'Addresses that have a connection now or had one in the last five minutes.',
  },
  distccd_jobs_total: {
    type: 'counter',
    help: 'Jobs that have ended, by result and compiler; "other" where the compiler is not known or not permitted.',
    labels: ['result', 'compiler'],
  },
  distccd_refusals_total: { type: 'counter', help: 'Refused jobs and connections, by reason.', labels: ['reason'] },
  distccd_slots: { type: 'gauge', help: 'Jobs that may run at a time.' },
  distccd_slots_busy: { type: 'gauge', help: 'Jobs that have a slot now.' },
  distccd_queue_length: { type: 'gauge', help: 'Jobs that wait for a slot now.' },
  distccd_queue_wait_seconds: { type: 'histogram', help: 'How long jobs that got a slot had waited for it.' },
  distccd_compile_seconds: {
    type: 'histogram',
    help: 'How long compilers ran, those that failed too; not for answers from kept results.',
    labels: ['compiler'],
  },
  distccd_transfer_seconds: {
    type: 'histogram',
    help: 'How long requests took from their first byte to their last (with the preprocessing that the client does meanwhile), and answers to be sent.',
    labels: ['direction'],
  },
  distccd_transfer_bytes_total: {
    type: 'counter',
    help: 'Bytes from clients and to clients, of connections that have ended.',
    labels: ['direction'],
  },
  distccd_request_memory_used_bytes: { type: 'gauge', help: 'Memory that requests and answers take now.' },
  distccd_request_memory_limit_bytes: { type: 'gauge', help: 'Memory that requests and answers may take.' },
  distccd_result_cache_hits_total: { type: 'counter', help: 'Compiles that were answered with a kept result.' },
  distccd_result_cache_misses_total: { type: 'counter', help: 'Compiles that ran and whose result may be kept.' },
  distccd_result_cache_stored_total: { type: 'counter', help: 'Results that were kept.' },
  distccd_result_cache_results: { type: 'gauge', help: 'Results that are kept now.' },
  distccd_result_cache_bytes: { type: 'gauge', help: 'Bytes of the results that are kept now.' },
  distccd_load1: { type: 'gauge', help: 'Load average of the machine over 1 minute.' },
  distccd_load5: { type: 'gauge', help: 'Load average of the machine over 5 minutes.' },
  distccd_load15: { type: 'gauge', help: 'Load average of the machine over 15 minutes.' },
  distccd_processors: { type: 'gauge', help: 'Processors that compilers may use.' },
  distccd_memory_available_bytes: {
    type: 'gauge',
    help: 'Memory of the machine that programs can still use without swapping.',
  },
  distccd_temporary_space_available_bytes: {
    type: 'gauge',
    help: 'Free space in the file system of the directory for temporary files.',
  },
  process_cpu_seconds_total: { type: 'counter', help: 'CPU time of the daemon, without its compilers.' },
  process_resident_memory_bytes: { type: 'gauge', help: 'Memory of the daemon, without its compilers.' },
  process_start_time_seconds: { type: 'gauge', help: 'When the daemon started, in seconds since the epoch.' },
} as const satisfies Readonly<Record<string, MetricEntry>>;

/** The name of a metric. */
export type MetricName = keyof typeof metricTable;

/** The upper bounds of the buckets of all histograms, in seconds. */
export const bucketSeconds = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
