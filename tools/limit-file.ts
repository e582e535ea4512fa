// Loaded into the process of each test file. A file may not end though all its tests have, as when a server that it started lives on: the runner of Node has no limit
// for that and waits for ever. It ends here, with what it waited for.

const limitMs = Number(process.env['POSTERN_TEST_FILE_LIMIT_MS']);
setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ');
  console.log(`did not end within ${Math.round(limitMs / 60_000)} minutes; open: ${open}`);
  process.exit(124);
}, limitMs).unref();
