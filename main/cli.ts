#!/usr/bin/env node
// The command line: every verb but start, backup, restore and doctor is a client of the REST API. No logic lives here.
import { Command } from 'commander';
import pack from '../package.json' with { type: 'json' };
import { runChildIfAsked } from '../engine/appliance.ts';
import { commandLineFault, fail } from './verb.ts';
import { applianceVerbs } from './verbs/appliance.ts';
import { credentialVerbs } from './verbs/credentials.ts';
import { datasetVerbs } from './verbs/datasets.ts';
import { demoVerb } from './verbs/demo.ts';
import { alertVerbs } from './verbs/alerts.ts';
import { deploymentVerbs } from './verbs/deployments.ts';
import { modelVerbs } from './verbs/models.ts';
import { clusterVerbs } from './verbs/cluster.ts';
import { securityVerbs } from './verbs/security.ts';
import { trainVerbs } from './verbs/train.ts';

const program = new Command('neutrino')
  .description('A private AI cloud in one app: train, serve and watch models on the machines you have.')
  .version(pack.version)
  .showHelpAfterError(false)
  .configureOutput({ writeErr: () => {} });

// Settings of the root are inherited by commands made after them, so the verbs come last.
program.exitOverride();
applianceVerbs(program);
demoVerb(program);
datasetVerbs(program);
credentialVerbs(program);
trainVerbs(program);
modelVerbs(program);
deploymentVerbs(program);
alertVerbs(program);
clusterVerbs(program);
securityVerbs(program);

try {
  // The single executable re-runs this file when it is forked.
  if (!(await runChildIfAsked())) await program.parseAsync();
} catch (error) {
  const fault = commandLineFault(error, program, process.argv.slice(2));
  if (fault) fail(fault, process.argv.includes('--json'));
  else if (!(error instanceof Error && 'exitCode' in error && error.exitCode === 0))
    fail(error, process.argv.includes('--json'));
}
