import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricTable } from '../../../src/server/metrics/metric-table.ts';
import type { MetricEntry } from '../../../src/server/metrics/metric-table.ts';
import { encodeRequest } from '../../../src/wire/request.ts';
import { freePort } from '../../../scripts/free-port.mjs';
import { hangLimit, startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { converse } from '../../support/wire-client.ts';

const examples = resolve(import.meta.dirname, '../../../doc/monitoring');
const rules = join(examples, 'distccd-alerts.yml');

/** What promtool, of Debian's package prometheus, says of something. */
function promtool(words: readonly string[], input = ''): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', words, { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

/** The expressions of the dashboard, with its variables replaced as Grafana does. */
function dashboardExpressions(): string[] {
  const text = readFileSync(join(examples, 'distccd-dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as {
    readonly panels: ReadonlyArray<{ readonly targets: readonly { expr: string }[] }>;
  };
  return panels
    .flatMap(({ targets }) => targets.map(({ expr }) => expr))
    .map((expr) =>
      expr
        .replaceAll('$server', '.*')
        .replaceAll('$job', '.*')
        .replaceAll(/\$__\w+/g, '1m'),
    );
}

/** All names of series that a metric of the table has. */
const seriesNames = new Set(
  Object.entries<MetricEntry>(metricTable).flatMap(([name, { type }]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

describe('a Prometheus', () => {
  let top: string;
  let daemon: TestDaemon;
  let stats: number;
  let server: ChildProcess;
  let web: number;
  let said = '';

  beforeAll(async () => {
    top = mkdtempSync(join(tmpdir(), 'test-prometheus-'));
    [stats, web] = [await freePort(), await freePort()];
    daemon = await startDaemon({ options: ['--allow', '127.0.0.1', '--stats', '--stats-port', String(stats)] });
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'distccd', static_configs: [{ targets: [`127.0.0.1:${stats}`] }] }],
    };
    // YAML has JSON in it.
    writeFileSync(join(top, 'prometheus.yml'), JSON.stringify(config));
    const words = [
      `--config.file=${join(top, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(top, 'data')}`,
      `--web.listen-address=127.0.0.1:${web}`,
    ];
    server = spawn('prometheus', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    server.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  });
  afterAll(async () => {
    if (server.exitCode === null) {
      server.kill();
      await once(server, 'exit');
    }
    await daemon.end();
    rmSync(top, { recursive: true, force: true });
  });

  /** Asks for JSON until it is what is wanted; the limit only ends a test that would hang. */
  async function ask<T>(path: string, isWanted: (answer: T) => boolean): Promise<T> {
    let last = '';
    for (let waited = 0; waited < hangLimit; waited += 100) {
      const answer = await fetch(`http://127.0.0.1:${web}/api/v1/${path}`).catch(() => undefined);
      last = (await answer?.text()) ?? said;
      // It says something else until it has started.
      if (answer?.headers.get('content-type')?.includes('json') === true) {
        const found = JSON.parse(last) as T;
        if (isWanted(found)) return found;
      }
      await new Promise((next) => setTimeout(next, 100));
    }
    throw new Error(`${path} never became what was wanted: ${last}`);
  }

  interface Answer {
    readonly status: string;
    readonly data: { readonly result: ReadonlyArray<{ readonly value: readonly [number, string] }> };
  }
  const query = (expression: string): string => `query?query=${encodeURIComponent(expression)}`;

  it('scrapes the server, and counts its jobs', async () => {
    for (const source of ['int x;\n', 'int y;\n', 'int z\n']) {
      await converse(
        daemon.port,
        encodeRequest({ version: 1, argv: ['gcc', '-c', 'a.c'], source: Buffer.from(source) }),
      );
    }
    await ask<Answer>(query('up{job="distccd"}'), ({ data }) => data.result[0]?.value[1] === '1');
    const jobs = (result: string): string => query(`distccd_jobs_total{compiler="gcc",result="${result}"}`);
    await ask<Answer>(jobs('compile_ok'), ({ data }) => data.result[0]?.value[1] === '2');
    await ask<Answer>(jobs('compile_error'), ({ data }) => data.result[0]?.value[1] === '1');
    const compiled = query('distccd_compile_seconds_count{compiler="gcc"}');
    await ask<Answer>(compiled, ({ data }) => data.result[0]?.value[1] === '3');
  });

  it('gets every metric that is listed, and none that is not', async () => {
    const path = 'label/__name__/values?match[]={job="distccd"}';
    const { data } = await ask<{ readonly data: readonly string[] }>(path, (answer) => answer.data.length > 20);
    // What Prometheus itself adds.
    const own = data.filter((name) => name !== 'up' && name !== 'ALERTS' && !/^(?:scrape_|ALERTS_)/.test(name));
    // Compilers' versions are not known to every server.
    expect(new Set([...own, 'distccd_compiler_info'])).toEqual(seriesNames);
  });

  it('can answer every question of the dashboard', async () => {
    const expressions = dashboardExpressions();
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) {
      const answer = await ask<Answer & { readonly error?: string }>(query(expression), () => true);
      expect([expression, answer.status, answer.error]).toEqual([expression, 'success', undefined]);
    }
  });

  it('evaluates the alert rules, and fires none', async () => {
    interface Rules {
      readonly data: {
        readonly groups: ReadonlyArray<{
          readonly rules: ReadonlyArray<{ name: string; health: string; state: string }>;
        }>;
      };
    }
    const isEvaluated = ({ data }: Rules): boolean =>
      data.groups.length > 0 && data.groups.every((group) => group.rules.every(({ health }) => health !== 'unknown'));
    const { data } = await ask<Rules>('rules', isEvaluated);
    const found = data.groups.flatMap((group) => group.rules);
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter(({ health, state }) => health !== 'ok' || state === 'firing')).toEqual([]);
  });

  it("finds no fault with the metrics' names and text", async () => {
    const answer = await fetch(`http://127.0.0.1:${stats}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(promtool(['check', 'metrics'], await answer.text())).toEqual({ status: 0, said: '' });
  });
});

describe('the examples', () => {
  it('have rules that promtool takes, and that fire when they should', () => {
    expect(promtool(['check', 'rules', rules])).toMatchObject({ status: 0 });
    const folder = mkdtempSync(join(tmpdir(), 'test-alerts-'));
    const test = readFileSync(resolve(import.meta.dirname, 'alerts.yml'), 'utf8').replace(/- ALERTS$/m, `- ${rules}`);
    writeFileSync(join(folder, 'test.yml'), test);
    const { status, said } = promtool(['test', 'rules', join(folder, 'test.yml')]);
    rmSync(folder, { recursive: true });
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('have a configuration that promtool takes', () => {
    expect(promtool(['check', 'config', join(examples, 'prometheus.yml')])).toMatchObject({ status: 0 });
  });

  it.each(['distccd-alerts.yml', 'distccd-dashboard.json'])('name only metrics that there are: %s', (name) => {
    const text = readFileSync(join(examples, name), 'utf8');
    const named = text.match(/\b(?:distccd|process)_[a-z0-9_]+/g) ?? [];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((metric) => !seriesNames.has(metric))).toEqual([]);
  });

  it('has a test for each alert', () => {
    const tested = readFileSync(resolve(import.meta.dirname, 'alerts.yml'), 'utf8').match(/(?<=alertname=")\w+/g);
    const alerts = readFileSync(rules, 'utf8').match(/(?<=- alert: )\w+/g);
    expect(new Set(tested)).toEqual(new Set(alerts));
  });
});
