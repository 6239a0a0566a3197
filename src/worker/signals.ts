// Signals to the process group are handled by the parent: a worker that dies of one would fail its entry. SIGUSR1 would open
// Node's debugger. Imported first.
for (const signal of ['SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});

export {};
