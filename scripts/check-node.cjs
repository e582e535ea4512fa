// Says, before anything else runs, whether this Node can run Postern. ES5 on purpose: it must parse on any Node.
var fs = require('fs');
var path = require('path');
var wanted = '>=24.16.0 <25 || >=26.1.0';
var v = process.versions.node.split('.').map(Number);
var ok = (v[0] === 24 && v[1] >= 16) || (v[0] === 26 && v[1] >= 1) || v[0] > 26;
if (!ok) {
  console.error(
    'Postern needs Node ' + wanted + ', but this is ' + process.version + ' (' + process.execPath + ').',
  );
  if (fs.existsSync(path.join(__dirname, '../src/main.ts'))) {
    console.error(
      'Run `npm ci` in this directory: it brings the right Node as node_modules/.bin/node, which npm scripts and bin/postern use.',
    );
    console.error('On another platform than Linux on x64 or arm64, install such a Node yourself.');
  } else {
    console.error('Install one of these (https://nodejs.org), and let PATH find it first.');
  }
  process.exit(78);
}
