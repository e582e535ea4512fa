// Imported before all else: invariants (src/base/assert.ts) are looked at from here on.

process.env['POSTERN_INVARIANTS'] = '1';
