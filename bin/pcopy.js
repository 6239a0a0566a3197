#!/usr/bin/env node
// Before anything is read: who asks where the run is must not end it, nor open Node's debugger to whoever is on this machine.
for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => {});
require('../dist/main.cjs');
