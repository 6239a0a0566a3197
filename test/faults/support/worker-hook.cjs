// Loaded into the command by NODE_OPTIONS: the workers, and nobody else, are started by the program that the test names.
if (process.env.PCOPY_TEST_NODE) {
  process.execPath = process.env.PCOPY_TEST_NODE;
  // Temporary names that can be told in advance: faults are injected by path.
  const fs = require('node:fs');
  const { openSync } = fs;
  fs.openSync = (path, ...how) => openSync(path === '/dev/urandom' ? '/dev/zero' : path, ...how);
}
