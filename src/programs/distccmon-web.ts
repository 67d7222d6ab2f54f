import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { agentFolder } from '../agent-state/find-agents.ts';
import { distccDirectory } from '../config/client-environment.ts';
import { readWebMonitorOptions } from '../config/web-monitor-options.ts';
import { openBrowser } from '../monitor/web/open-browser.ts';
import { serveWeb } from '../monitor/web/serve-web.ts';
import { printTo } from '../system/descriptors/write-all.ts';
import { systemReason } from '../system/error-text.ts';
import { run } from './run.ts';

void run('distccmon-web', async (words) => {
  const reading = readWebMonitorOptions(words);
  if ('print' in reading) {
    process.stdout.write(reading.print);
    return exitStatus.ok;
  }
  const { port, open } = reading.options;
  const places = { agents: agentFolder(process.env, process.cwd()), directory: distccDirectory(process.env) };
  if (places.agents === undefined && places.directory === undefined) {
    throw new Failure(exitStatus.badArguments, 'neither DISTCC_DIR nor HOME is set: set one of them to find the jobs');
  }
  const { address } = await serveWeb(places, port);
  printTo(1, `${address}\n`);
  if (open) {
    openBrowser(address, (error) => {
      process.stderr.write(
        `distccmon-web: Warning: cannot run xdg-open: ${systemReason(error)}: open the address yourself\n`,
      );
    });
  }
  return exitStatus.ok;
});
