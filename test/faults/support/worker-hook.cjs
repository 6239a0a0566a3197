// Loaded into the command by NODE_OPTIONS: the workers, and nobody else, are started by the program that the test names.
if (process.env.PCOPY_TEST_NODE) process.execPath = process.env.PCOPY_TEST_NODE;
