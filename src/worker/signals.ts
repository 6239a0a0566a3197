// What is sent to the whole group is for the parent to hear: a worker that ends by it would make its entry a failure. SIGUSR1 would
// open Node's debugger. Imported before all others.
for (const signal of ['SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});

export {};
